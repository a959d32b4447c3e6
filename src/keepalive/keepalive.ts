/** Arithmetic of TCP keepalive: when probes go, when a dead peer is noticed, what outlives which idle timeout. */
import type { Keepalive, Middlebox } from '../report/values.ts';

/** Lost probes in a row that good settings survive before the middlebox forgets. */
export const TOLERATED_LOSSES = 2;

/** What a keepalive should leave unused of a middlebox's idle timeout, for timers that are coarse and clocks that differ. */
export function safetyMarginMs(idleTimeoutMs: number): number {
  return Math.min(10_000, idleTimeoutMs / 10);
}

/**
 * How far apart probes go while each is answered. The kernel sets its timer to the interval when it sends a probe, and the answer does not
 * set it again: only when that fires does it see how long the connection has been idle (tcp_keepalive_timer in net/ipv4/tcp_timer.c). So
 * an interval longer than the idle time stretches the period to itself; test/lab/keepalive-period.test.ts measures it.
 */
export function probePeriodMs({ idleMs, intervalMs }: Pick<Keepalive, 'idleMs' | 'intervalMs'>): number {
  return Math.max(idleMs, intervalMs);
}

/** How long after the last segment the last tolerated probe goes out: a period and two intervals. */
export function lastTolerableProbeMs(keepalive: Pick<Keepalive, 'idleMs' | 'intervalMs'>): number {
  return probePeriodMs(keepalive) + TOLERATED_LOSSES * keepalive.intervalMs;
}

/**
 * How long after the last segment the kernel gives an idle connection to a dead peer up. Without a user timeout: idle + interval · count.
 * With one the count is ignored: at the first probe time that has reached the user timeout and follows at least one unanswered probe
 * (tcp_keepalive_timer in net/ipv4/tcp_timer.c).
 */
export function deadAfterMs({ idleMs, intervalMs, count, userTimeoutMs }: Keepalive): number {
  if (userTimeoutMs === 0) return idleMs + intervalMs * count;
  const intervals = Math.max(1, Math.ceil((userTimeoutMs - idleMs) / intervalMs));
  return idleMs + intervalMs * intervals;
}

/**
 * The middlebox that decides: the shortest idle timeout among those that keepalive segments refresh, or of which that is not known.
 * One that terminates TCP is left out, since no keepalive reaches its timer. null: none is left.
 */
export function strictestMiddlebox(middleboxes: readonly Middlebox[]): Middlebox | null {
  const refreshable = middleboxes.filter((middlebox) => middlebox.keepaliveRefreshes !== false);
  return refreshable.reduce<Middlebox | null>(
    (strictest, middlebox) =>
      strictest === null || middlebox.idleTimeoutMs < strictest.idleTimeoutMs ? middlebox : strictest,
    null,
  );
}

/** Settings to recommend: `Keepalive` with everything decided. */
export type RecommendedKeepalive = Keepalive & { enabled: true };

/**
 * Settings that outlive an idle timeout: the first probe after a third of it, at most five minutes, so that two probes can be lost and
 * the margin is kept; four probes until a peer counts as dead; and a user timeout of the same length, so that data sent into a dead
 * connection is given up as soon as an idle one. Without a timeout to meet, one minute, which suits every packet-forwarding device that
 * keeps to 100 s or more. Below 18 s whole seconds leave no room for all that without giving up a healthy connection after less than ten
 * seconds of silence: null, an application heartbeat is the answer.
 */
export function recommendKeepalive(idleTimeoutMs: number | null): RecommendedKeepalive | null {
  const timeoutSeconds = idleTimeoutMs === null ? 180 : Math.floor(idleTimeoutMs / 1000);
  if (timeoutSeconds < 18) return null;
  const third = Math.min(300, Math.floor(timeoutSeconds / 3));
  const idle = third > 10 ? third - (third % 5) : third;
  const interval = Math.min(15, Math.max(1, Math.floor(idle / 4)));
  const count = 4;
  return {
    enabled: true,
    idleMs: idle * 1000,
    intervalMs: interval * 1000,
    count,
    userTimeoutMs: (idle + interval * count) * 1000,
  };
}
