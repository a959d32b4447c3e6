/** Whether somebody's socket can bear keepalive probes that it did not ask for: one without an answer counts towards its end. */

import { formatDuration } from '../base/units.ts';
import type { Keepalive } from '../report/values.ts';

/** What TCP_INFO says of it now. */
export interface ProbedConnection {
  unansweredProbes: number;
  /** Segments that wait for an acknowledgement. */
  unackedSegments: number;
  /** Bytes that have not been sent yet. */
  notSentBytes: number;
  /** Since the last segment came. */
  silenceMs: number;
}

/** One is no proof: packets get lost. */
export const LEAST_PROBES = 2;
/** Why a connection with unacknowledged data is not asked, which is no loss. */
export const DATA_IN_FLIGHT = 'data in flight asks already';
/** What the kernel takes for TCP_KEEPIDLE, in seconds from 1 to MAX_TCP_KEEPIDLE of include/net/tcp.h; its sysctl may be more or less. */
const SHORTEST_IDLE_MS = 1000;
const LONGEST_IDLE_MS = 32_767_000;

/**
 * How many it can bear, so that even if all go unanswered its own keepalive still sends one before it gives the connection up; or in a word
 * why none (tcp_keepalive_timer in net/ipv4/tcp_timer.c). `least`: fewer are of no use.
 */
export function bearableProbes(
  { enabled, idleMs, count, userTimeoutMs }: Keepalive,
  { unansweredProbes, unackedSegments, notSentBytes, silenceMs }: ProbedConnection,
  least: number = LEAST_PROBES,
): number | string {
  // The kernel does not probe while there is data; what asks then is the data.
  if (unackedSegments > 0 || notSentBytes > 0) return DATA_IN_FLIGHT;
  if (userTimeoutMs > 0) return 'its user timeout (TCP_USER_TIMEOUT) may end it at a probe that goes unanswered';
  if (idleMs < SHORTEST_IDLE_MS || idleMs > LONGEST_IDLE_MS)
    return `its idle time of ${formatDuration(idleMs)} could not be set back: TCP_KEEPIDLE takes 1 s to ${formatDuration(LONGEST_IDLE_MS)}`;
  if (enabled && silenceMs >= idleMs)
    return 'it has been silent for as long as its own keepalive waits, which asks now';
  const most = count - 1 - unansweredProbes;
  if (most >= least) return most;
  return unansweredProbes === 0
    ? `its keepalive gives up after ${count} unanswered: probes of kaprobe could end it (TCP_KEEPCNT)`
    : `of the ${count} unanswered probes after which its keepalive gives up ${unansweredProbes} went already: more could end it`;
}
