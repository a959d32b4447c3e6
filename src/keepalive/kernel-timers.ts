/** What the kernel's retransmission and TIME_WAIT settings amount to in seconds and connections. */

/** What a socket gets that only sets SO_KEEPALIVE, unless the host says otherwise: TCP_KEEPALIVE_TIME and its like in include/net/tcp.h. */
export const KERNEL_KEEPALIVE = { idleMs: 7_200_000, intervalMs: 75_000, count: 9 } as const;

/** TCP_RTO_MIN of include/net/tcp.h: what tcp_retries2 counts from, whatever tcp_rto_min_us says. */
export const TCP_RTO_MIN_MS = 200;
/** TCP_RTO_MAX of include/net/tcp.h, from Linux 6.15 on the default of tcp_rto_max_ms. */
export const TCP_RTO_MAX_MS = 120_000;
/** TCP_TIMEOUT_INIT of include/net/tcp.h (RFC 6298 section 2): a path whose retransmission timeout is longer than this is out of the ordinary. */
const TCP_TIMEOUT_INIT_MS = 1000;
/** TCP_TIMEWAIT_LEN of include/net/tcp.h: no setting changes it. */
export const TIME_WAIT_MS = 60_000;
/** Before Linux 6.14 tcp_tw_reuse had this delay, fixed. */
const TW_REUSE_DELAY_MS = 1000;

/**
 * How long a write into a dead connection hangs before ETIMEDOUT, unless TCP_USER_TIMEOUT is set. `lowerMs` is the time that the kernel
 * models from tcp_retries2: that many retransmissions, each waiting twice as long as the one before, from 200 ms up to the longest wait
 * (tcp_model_timeout in net/ipv4/tcp_timer.c; 924.6 s for 15, as ip-sysctl.rst says). Counted from the first retransmission, which the
 * tail loss probe puts off to twice the retransmission timeout, the connection ends when a retransmission falls due at or beyond it:
 * `upperMs` is the latest that this happens with punctual timers on a path with a retransmission timeout of at most a second, or of
 * tcp_rto_min_us where that is more. A maximum of null is a kernel without
 * tcp_rto_max_ms, a minimum of null one without tcp_rto_min_us.
 */
export function deadWriteAfter(
  retries2: number,
  rtoMinMs: number | null,
  rtoMaxMs: number | null,
): { lowerMs: number; upperMs: number } {
  const longestMs = rtoMaxMs ?? TCP_RTO_MAX_MS;
  const lowerMs = modelledTimeoutMs(retries2, longestMs);
  const slowMs = Math.min(longestMs, Math.max(TCP_TIMEOUT_INIT_MS, rtoMinMs ?? 0));
  // The last wait is the longest one, or as long as all before it together, twice the first one more.
  return { lowerMs, upperMs: lowerMs + Math.min(longestMs, lowerMs + 2 * slowMs) + 2 * slowMs };
}

/**
 * What tcp_retries2 stands for as a time, counted from the first retransmission: that many waits, the first of 200 ms, each twice as long as
 * the one before but never longer than `longestMs` (tcp_model_timeout in net/ipv4/tcp_timer.c).
 */
export function modelledTimeoutMs(retries2: number, longestMs: number): number {
  const doublings = Math.floor(Math.log2(Math.max(1, Math.floor(longestMs / TCP_RTO_MIN_MS))));
  return retries2 <= doublings
    ? (2 ** (retries2 + 1) - 1) * TCP_RTO_MIN_MS
    : (2 ** (doublings + 1) - 1) * TCP_RTO_MIN_MS + (retries2 - doublings) * longestMs;
}

/** First and last port of a range. */
export type PortRange = readonly [first: number, last: number];

/** What decides which ports connections to one destination can have, and how long each stays blocked. */
export interface PortSettings {
  /** ip_local_port_range. */
  range: PortRange;
  /** ip_local_reserved_ports. */
  reserved: readonly PortRange[];
  /** tcp_tw_reuse. */
  twReuse: number;
  /** tcp_tw_reuse_delay; null: a kernel without it. */
  twReuseDelayMs: number | null;
  /** tcp_timestamps. */
  timestamps: number;
}

/**
 * How many connections per second this host can open to one destination (address and port) and close itself without running out of
 * ports, rounded down to a tenth. Each blocks its port for the 60 s of TIME_WAIT; with tcp_tw_reuse = 1 and timestamps on both sides only
 * for tcp_tw_reuse_delay (ip-sysctl.rst). tcp_tw_reuse = 2 helps loopback only and is not counted.
 */
export function connectionsPerSecond(settings: PortSettings): number {
  const { range, reserved } = settings;
  return Math.floor((countPorts(range, reserved) * 10_000) / blockedForMs(settings, { overLoopback: false })) / 10;
}

/** How long TIME_WAIT keeps a port from new connections to the same destination, when the other end uses timestamps too (tcp_twsk_unique in net/ipv4/tcp_ipv4.c). */
export function blockedForMs(
  { twReuse, twReuseDelayMs, timestamps }: PortSettings,
  { overLoopback }: { overLoopback: boolean },
): number {
  const reuses = timestamps !== 0 && (twReuse === 1 || (twReuse === 2 && overLoopback));
  // Timestamps tick in milliseconds: a delay of none is still one of them.
  return reuses ? Math.max(1, twReuseDelayMs ?? TW_REUSE_DELAY_MS) : TIME_WAIT_MS;
}

/** The ports of a range that are not reserved. Reserved ranges may overlap and reach outside. */
export function countPorts([first, last]: PortRange, reserved: readonly PortRange[]): number {
  let count = 0;
  let next = first;
  for (const [from, to] of [...reserved].sort(([a], [b]) => a - b)) {
    if (to < next || from > last) continue;
    count += Math.max(0, from - next);
    next = to + 1;
  }
  return count + Math.max(0, last - next + 1);
}
