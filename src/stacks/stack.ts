import type { Keepalive } from '../report.ts';

/** The values to write into a library's switches. A user timeout of 0 is left to the host. */
export type SwitchValues = Pick<Keepalive, 'idleMs' | 'intervalMs' | 'count' | 'userTimeoutMs'>;

/** What is known about one runtime or library that opens TCP connections. */
export interface Stack {
  /** The name of the file that holds it. */
  id: string;
  name: string;
  /** The schemes of targets that it speaks to. */
  schemes: readonly string[];
  /** Complete lines that switch TCP keepalive on with these values, in the library's own units; capitals stand for the user's own. */
  switchOn(values: SwitchValues): string[];
}

/** The kernel's unit of TCP_KEEPIDLE and TCP_KEEPINTVL (tcp(7)), which takes nothing below 1. */
export function wholeSeconds(ms: number): number {
  return Math.max(1, Math.round(ms / 1000));
}
