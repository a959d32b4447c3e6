/** What `watch` returns, and the events that it tells as they happen. */

import type { TcpState } from '../../base/tcp-state.ts';
import type { EvidenceValue } from '../../report/finding.ts';
import type { Keepalive } from '../../report/values.ts';

/** What can happen to what is watched. */
export const WATCH_EVENTS = [
  /** What there was at first. */
  'found',
  /** A connection came to be. */
  'established',
  /** No payload went either way for so long; told again each time that the silence has doubled. */
  'quiet',
  /** A keepalive or window probe has had no answer. */
  'probe-unanswered',
  /** Data has been sent again, for want of an acknowledgement. */
  'retransmitting',
  /** As many in a row went unanswered as no lossy path explains. */
  'stalled',
  /** An answer came after all. */
  'recovered',
  /** RST. */
  'reset',
  /** The peer sent FIN first. */
  'closed-by-peer',
  /** This side sent FIN first. */
  'closed-here',
  /** The kernel gave it up: ETIMEDOUT. */
  'timed-out',
  /** It failed with another error than these. */
  'failed',
  /** It is gone, and how is not known. */
  'gone',
  /** The name has other addresses now, or the process has gone over to another address. */
  'rotated',
  /** A connection could not be made. */
  'not-connected',
] as const;
export type WatchEventKind = (typeof WATCH_EVENTS)[number];

/** Both ends of a connection: `192.0.2.1:40000`, `[2001:db8::1]:443`. */
export interface WatchEnds {
  local: string;
  remote: string;
}

/** A process that holds a watched connection. */
export interface WatchOwner {
  pid: number;
  /** At most 15 bytes, from outside. */
  command: string | null;
}

/** One thing that happened, told the moment that it was seen. */
export interface WatchEvent {
  event: WatchEventKind;
  /** ISO 8601, UTC, and since the watch began. */
  at: string;
  atMs: number;
  /** null: it concerns no single connection. */
  connection: WatchEnds | null;
  /** null: not known, or kaprobe's own connection. */
  owner: WatchOwner | null;
  /** What it rests on; the unit is in the name. */
  evidence: Record<string, EvidenceValue>;
}

/** How a connection is at the moment. */
export type WatchCondition = 'fine' | 'unanswered' | 'stalled' | 'ending';

/** One connection that is being watched. Times are milliseconds; null: not known. */
export interface WatchedConnection extends WatchEnds {
  owner: WatchOwner | null;
  state: TcpState;
  condition: WatchCondition;
  /** Since payload last went either way, and since the last acknowledgement. */
  quietForMs: number | null;
  lastAcknowledgedMs: number | null;
  unansweredProbes: number | null;
  /** The probes after which its own keepalive gives it up. */
  probeLimit: number | null;
  retransmits: number | null;
}

/** What a terminal shows while the watch goes on. */
export interface WatchView {
  atMs: number;
  /** What is watched: the target, or the filters. */
  subject: string;
  /** How many there are, and how many are not fine. */
  connections: number;
  troubled: number;
  /** The troubled ones first; no more than a screen has room for. */
  rows: WatchedConnection[];
}

export interface WatchData {
  mode: 'own' | 'observed';
  /** kaprobe's own sockets; or where others were looked for: in sock_diag(7), or in /proc/net/tcp and tcp6, which know less. */
  source: 'own' | 'sock-diag' | 'procfs';
  /** The target, or how the sockets were chosen, as it was given. */
  subject: string;
  /** What kaprobe put on its own connections; null: somebody else's are observed. */
  keepalive: Keepalive | null;
  /** How long it was to last, and what was to end it; null: not said. */
  forMs: number | null;
  until: WatchEventKind | null;
  watchedMs: number;
  /** `nothing-left`: none of its own connections lives, and none was to be made again. */
  endedBy: 'time' | 'until' | 'interrupt' | 'nothing-left';
  /** Looks at the sockets, the time between two on average, and what those after the first took of one core; null: there was only one. */
  samples: number;
  sampleEveryMs: number | null;
  cpuShare: number | null;
  /** How often all sockets of the host were listed, which is how new connections are found; null: only kaprobe's own were looked at. */
  listings: number | null;
  /** From when on something is told. */
  thresholds: { quietMs: number; unansweredUntilStalled: number };
  counts: Record<WatchEventKind, number>;
  /** Connections that were watched in all, at once at most, and at the end. */
  seen: number;
  peak: number;
  open: number;
  /** The first event of each kind. */
  first: WatchEvent[];
  /** The last events; how many came before them. */
  events: WatchEvent[];
  earlierEvents: number;
  /** Those that were not fine at the end, at most a hundred. */
  troubled: WatchedConnection[];
}
