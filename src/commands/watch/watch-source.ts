import type { TcpInfo } from '../../linux/tcp-info.ts';
import type { ConnectionLook, EventDraft, WatchedConnections } from './decide-events.ts';
import type { WatchData, WatchOwner } from './report.ts';

/** Where the connections that are watched come from. */
export interface WatchSource {
  readonly source: WatchData['source'];
  /** Why sock_diag is unavailable; null: it is there, or nobody needs it. */
  readonly withoutSockDiag: string | null;
  /** Looks once more and returns what happened. Rejects only when there is nothing left to look with. */
  step(watched: WatchedConnections, atMs: number): Promise<EventDraft[]>;
  /** How often all sockets were listed so far; null: only its own are looked at. */
  listings(): number | null;
  /** Reports whether nothing can come any more. */
  isOver(): boolean;
  /** Who holds a connection; null: not known, or kaprobe itself. */
  ownerOf(id: string): WatchOwner | null;
  close(): void;
}

type Readings = Pick<
  ConnectionLook,
  | 'unansweredProbes'
  | 'retransmits'
  | 'unackedSegments'
  | 'rttMs'
  | 'lastAckReceivedMs'
  | 'lastDataSentMs'
  | 'lastDataReceivedMs'
>;

/** What TCP_INFO tells of one connection; all null where there is none. */
export function readingsOf(info: Readonly<TcpInfo> | null): Readings {
  return {
    unansweredProbes: info?.unansweredProbes ?? null,
    retransmits: info?.retransmits ?? null,
    unackedSegments: info?.unackedSegments ?? null,
    rttMs: info?.rttMs ?? null,
    lastAckReceivedMs: info?.lastAckReceivedMs ?? null,
    lastDataSentMs: info?.lastDataSentMs ?? null,
    lastDataReceivedMs: info?.lastDataReceivedMs ?? null,
  };
}
