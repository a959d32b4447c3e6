/** How often a peer's kernel has sent a segment that draws no acknowledgement. */

/** net.ipv4.tcp_rto_min_us as the kernel ships it (TCP_RTO_MIN in net/tcp.h), and a quarter more. */
const FIRST_REPEAT_MS = 250;

/** After this many in vain, which takes a quarter of a minute, nobody waits for more. */
export const MOST_PUSHES = 7;

/**
 * How many times a segment has been sent by now: at first, and again after a time that doubles each time. Takes the kernel to be slower than
 * it is (it waits the round trip and four times its deviation, but no less than 200 ms; RFC 6298, tcp_set_rto), so that none is counted too soon.
 */
export function pushesBy(elapsedMs: number, rttMs: number): number {
  if (elapsedMs < 0) return 0;
  return 1 + Math.floor(Math.log2(elapsedMs / (FIRST_REPEAT_MS + 3 * rttMs) + 1));
}
