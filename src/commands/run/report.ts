/** What `run` returns. */

import type { TcpState } from '../../base/tcp-state.ts';
import type { Keepalive, Middlebox, Unmeasured } from '../../report/values.ts';
import type { SocketRisk } from '../../sockets/live-socket.ts';

/** How the watching went: what was shorter than the longest gap may not have been seen. */
export interface RunSampling {
  looks: number;
  /** From the beginning of a look to the end of the next, on average and at most; null: there were fewer than two. */
  meanGapMs: number | null;
  longestGapMs: number | null;
  /** Time of the processor that watching took. */
  cpuMs: number;
}

/** A connection that one of the command's processes held. Times count from the start of the command. */
export interface RunConnection {
  /** `incoming` where its local port is one that somebody listened on. */
  direction: 'outgoing' | 'incoming';
  local: string;
  remote: string;
  /** The process that held it when it was first seen, and its name then, from outside. */
  pid: number;
  command: string | null;
  /** Not before this: the last look that did not find it. */
  openedAfterMs: number;
  firstSeenMs: number;
  lastSeenMs: number;
  /** In how many looks it was found. */
  timesSeen: number;
  /** When last seen. */
  state: TcpState;
  /** As last read. */
  keepalive: Keepalive;
  /** How long after it was opened keepalive was switched on: between these, as exact as the looks were close; null: never seen on. */
  keepaliveOnAfter: { lowerMs: number; upperMs: number } | null;
  /** If it idled behind the middleboxes given, as it was last read. null: not judged, because it is incoming or was never established. */
  risk: Extract<SocketRisk, 'ok' | 'late' | 'unprotected'> | null;
}

/** Connections of this network namespace that began and ended between two looks. Whose they were cannot be told, so the command's are among them. */
export interface UnseenConnections {
  kind: 'counted';
  /** At most this many: those whose local port nobody listens on. */
  outgoing: number;
  /** Of those, how many went where the command was seen to connect to. */
  toSeenRemotes: number;
}

export interface RunData {
  command: string[];
  /** How it ended: 128 + n when signal n ended it. */
  exitCode: number;
  signal: string | null;
  sampling: RunSampling;
  /** Its own, children's and children's children's. */
  processCount: number;
  /** Of those, how many still ran when the command had ended. */
  leftRunning: number;
  /** In the order in which they were first seen. */
  connections: RunConnection[];
  /** How many more there were than the list has room for. */
  unlisted: number;
  unseen: UnseenConnections | Unmeasured;
  middleboxes: Middlebox[];
}
