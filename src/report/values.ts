/** Values that stand in the reports of several rooms. */

/** Stands in the place of a value that could not be measured. */
export interface Unmeasured {
  kind: 'unmeasured';
  reason: string;
}

export function unmeasured(reason: string): Unmeasured {
  return { kind: 'unmeasured', reason };
}

/** TCP keepalive as one socket has it (tcp(7): SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT). */
export interface Keepalive {
  enabled: boolean;
  /** Silence before the first probe. */
  idleMs: number;
  /** Between one unanswered probe and the next. */
  intervalMs: number;
  /** Unanswered probes before the kernel gives the connection up. */
  count: number;
  /** 0 is the kernel's own word for "not set". */
  userTimeoutMs: number;
}

/** TCP keepalive as asked for; null leaves the value to the host. */
export interface RequestedKeepalive {
  enabled: boolean;
  idleMs: number | null;
  intervalMs: number | null;
  count: number | null;
  userTimeoutMs: number | null;
}

/** Something on the path that holds per-connection state, as given by the user. */
export interface Middlebox {
  /** The preset's id, or `given` for a bare timeout. */
  id: string;
  name: string;
  idleTimeoutMs: number;
  /** Does an empty keepalive segment restart its idle timer? null: not known. */
  keepaliveRefreshes: boolean | null;
  /** How sure the facts are; null for a timeout given by the user. */
  confidence: string | null;
  source: string | null;
  /** What changes its timeout; null for a timeout given by the user. */
  configurableWith: string | null;
}

/** A setting that the kernel would not take. */
export interface RefusedSetting {
  option: string;
  requested: number;
  unit: 's' | 'probes' | 'ms';
  errno: string;
}
