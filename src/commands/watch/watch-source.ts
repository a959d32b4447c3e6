import type { EventDraft, WatchedConnections } from './decide-events.ts';
import type { WatchData, WatchOwner } from './report.ts';

/** Where the connections that are watched come from. */
export interface WatchSource {
  readonly source: WatchData['source'];
  /** Why sock_diag was not to be had; null when it was, or nobody needs it. */
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
