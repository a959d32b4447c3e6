/** What the kernel's list of sockets tells about somebody's keepalive without asking the socket: by its timer. */

import type { TcpState } from '../base/tcp-state.ts';
import type { Keepalive } from '../report/values.ts';
import type { LiveKeepalive, LiveSocket } from './live-socket.ts';

/** The timers that sock_diag names. */
export type TimerKind = 'retransmit' | 'keepalive' | 'time-wait' | 'window-probe';

/**
 * Concludes from the timer whether keepalive is on. The keepalive timer runs whenever SO_KEEPALIVE is on, but the kernel shows one timer only,
 * and retransmission and window probes come first (inet_csk_diag_fill in net/ipv4/inet_diag.c). In other states than ESTABLISHED and
 * CLOSE-WAIT the same timer has other uses.
 *
 * It tells no idle time. Armed for the idle time when keepalive is switched on, it is not set again by traffic, only by itself, then
 * for what is left; and after a probe that was answered for the interval. `expires + silence` is therefore the idle time of a connection
 * that is silent since the timer was set, less after traffic, and more where keepalive was switched on long after the last segment.
 * What is left of the timer is the one bound that always holds: it was never set for more than max(idle, interval).
 */
export function keepaliveFromTimer(state: TcpState, timer: TimerKind | null, expiresMs: number): LiveKeepalive {
  if (state !== 'established' && state !== 'close-wait')
    return notMeasured(`the timer of a socket in ${state} does not show it`);
  if (timer === null) return { source: 'timer', enabled: false };
  return timer === 'keepalive'
    ? { source: 'timer', enabled: true, periodAtLeastMs: expiresMs }
    : notMeasured(`the ${timer} timer hides it`);
}

function notMeasured(reason: string): LiveKeepalive {
  return { source: 'unmeasured', kind: 'unmeasured', reason };
}

/** How long ago the last packet went or came that the kernel tells of: data either way, or an acknowledgement. null: not known. */
export function silenceMs(
  socket: Pick<LiveSocket, 'lastReceivedMs' | 'lastSentMs' | 'lastAcknowledgedMs'>,
): number | null {
  const { lastReceivedMs, lastSentMs, lastAcknowledgedMs } = socket;
  if (lastReceivedMs === null || lastAcknowledgedMs === null) return null;
  return Math.min(lastReceivedMs, lastAcknowledgedMs, lastSentMs ?? Number.POSITIVE_INFINITY);
}

/**
 * Until the next keepalive probe, when the keepalive timer fires in `expiresMs`: the kernel then sends one only if the idle time is over,
 * counted from the last segment that came, and otherwise waits for the rest (tcp_keepalive_timer in net/ipv4/tcp_timer.c). null: off.
 */
export function nextProbeMs(
  { enabled, idleMs }: Pick<Keepalive, 'enabled' | 'idleMs'>,
  expiresMs: number,
  {
    lastReceivedMs,
    lastAcknowledgedMs,
    unansweredProbes,
  }: Pick<LiveSocket, 'lastReceivedMs' | 'lastAcknowledgedMs' | 'unansweredProbes'>,
): number | null {
  if (!enabled) return null;
  if (lastReceivedMs === null || lastAcknowledgedMs === null || (unansweredProbes ?? 0) > 0) return expiresMs;
  return Math.max(expiresMs, idleMs - Math.min(lastReceivedMs, lastAcknowledgedMs));
}
