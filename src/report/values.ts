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

/** A known product on the path, as `kaprobe middleboxes` has it. */
export interface PresetMiddlebox {
  kind: 'preset';
  id: string;
  name: string;
  productKind: 'firewall' | 'nat' | 'cloud-nat' | 'l4-lb' | 'l7-proxy' | 'cni' | 'vpn';
  idleTimeoutMs: number;
  /** Does an empty keepalive segment restart its idle timer? null: not known. */
  keepaliveRefreshes: boolean | null;
  /** How sure the facts are. */
  confidence: string;
  /** Where they were read; null: without an address. */
  source: string | null;
  /** What changes its timeout; null: nothing does, or it is not known. */
  configurableWith: string | null;
}

/** A box of which only the idle timeout is known, and that it forwards packets. */
export interface TimeoutMiddlebox {
  kind: 'timeout';
  idleTimeoutMs: number;
  keepaliveRefreshes: true;
}

/** Something on the path that holds per-connection state, as given by the user. */
export type Middlebox = PresetMiddlebox | TimeoutMiddlebox;

/** A setting that the kernel would not take. */
export interface RefusedSetting {
  option: string;
  requested: number;
  unit: 's' | 'probes' | 'ms';
  errno: string;
}
