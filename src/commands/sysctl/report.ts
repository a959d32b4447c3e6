/** What `sysctl` returns. */

import type { Keepalive, Middlebox, Unmeasured } from '../../report/values.ts';

/** One kernel setting of this network namespace. */
export interface SysctlSetting {
  /** With dots, as sysctl(8) writes it. */
  name: string;
  /** As the kernel prints it; null when it cannot be read, see `reason`. */
  value: string | null;
  /** Why there is no value; null when there is one. */
  reason: string | null;
  /** The kernel's own default; null where it depends on the machine. */
  default: string | null;
  differs: boolean | null;
  unit: string | null;
  meaning: string;
  group: 'keepalive' | 'retry' | 'time-wait' | 'ports' | 'conntrack';
}

/** The limit of every keepalive sysctl (tcp(7)): a program that never sets SO_KEEPALIVE sends no probe, whatever they say. */
export const KEEPALIVE_APPLIES_TO = 'sockets with SO_KEEPALIVE on that set no keepalive times of their own';

export interface SysctlData {
  /** Whose network namespace: null is kaprobe's own. */
  pid: number | null;
  settings: SysctlSetting[];
  /** What a socket that only sets SO_KEEPALIVE gets here. */
  keepalive: Keepalive | Unmeasured;
  /** Which sockets these values touch at all. */
  keepaliveAppliesTo: typeof KEEPALIVE_APPLIES_TO;
  firstProbeAfterMs: number | null;
  deadAfterMs: number | null;
  /** How long a write into a dead connection hangs before ETIMEDOUT (tcp_retries2), from the smallest RTO to one of a slow path. */
  deadWriteAfterMs: { lowerMs: number; upperMs: number } | null;
  /** New connections per second to one destination that the port range and TIME_WAIT leave room for. */
  connectionsPerSecond: number | null;
  middleboxes: Middlebox[];
  /** The strictest of them; null: none, or no keepalive reaches any. */
  middlebox: Middlebox | null;
  /** The lines of a complete sysctl.d file; null when not asked for. */
  recommended: string[] | null;
}
