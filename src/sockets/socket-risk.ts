/** What becomes of a live connection when it idles behind the middleboxes given. */

import { deadAfterMs, probePeriodMs, strictestMiddlebox } from '../keepalive/keepalive.ts';
import type { Middlebox } from '../report/values.ts';
import { silenceMs } from './keepalive-from-timer.ts';
import type { LiveSocket, SocketRisk } from './live-socket.ts';
import { eachSocket, type SocketRows } from './socket-table.ts';

/** What decides besides the socket itself. */
export interface RiskContext {
  middleboxes: readonly Middlebox[];
  /** Whether to judge connections within this host as if a middlebox stood between. */
  judgeLocal: boolean;
}

/** Judges the sockets of these rows. */
export function judgeRows(list: SocketRows, context: RiskContext): void {
  const judge = riskJudge(context);
  eachSocket(list, (socket) => {
    socket.risk = judge(socket, socket.isLocal);
  });
}

/**
 * Returns a function that judges one socket. null: nothing to judge, because it listens or is closing, or both ends are on this host (`isLocal`) and
 * answer.
 */
export function riskJudge({
  middleboxes,
  judgeLocal,
}: RiskContext): (socket: Omit<LiveSocket, 'risk'>, isLocal: boolean) => SocketRisk | null {
  const timeoutMs = strictestMiddlebox(middleboxes)?.idleTimeoutMs ?? null;
  return (socket, isLocal) => riskOf(socket, timeoutMs, judgeLocal || !isLocal);
}

function riskOf(
  socket: Omit<LiveSocket, 'risk'>,
  timeoutMs: number | null,
  mayPassMiddlebox: boolean,
): SocketRisk | null {
  if (!isJudged(socket)) return null;
  if (isUnanswered(socket)) return isOverdue(socket, timeoutMs) ? 'stuck' : 'dying';
  if (!mayPassMiddlebox) return null;
  const { keepalive } = socket;
  const silence = silenceMs(socket);
  switch (keepalive.source) {
    case 'unmeasured':
      return 'unmeasured';
    case 'timer':
      if (!keepalive.enabled) return silenceRisk(silence, timeoutMs);
      if (timeoutMs === null) return 'ok';
      // No probe goes before the timer fires: a silence of at least this length is certain unless the application ends it.
      return (silence ?? 0) + keepalive.periodAtLeastMs >= timeoutMs ? 'late' : 'unmeasured';
    case 'getsockopt':
      if (!keepalive.enabled) return silenceRisk(silence, timeoutMs);
      return timeoutMs !== null && probePeriodMs(keepalive) >= timeoutMs ? 'late' : 'ok';
    default:
      return keepalive satisfies never;
  }
}

/** Reports whether it is a connection that somebody may wait on: established, or closed by one side only. */
export function isJudged({ state, inode }: Pick<LiveSocket, 'state' | 'inode'>): boolean {
  return state === 'established' || state === 'close-wait' || (state === 'fin-wait-2' && inode !== 0);
}

/** Reports whether probes or data go unanswered right now. */
export function isUnanswered({
  retransmits,
  unansweredProbes,
  verified,
}: Pick<LiveSocket, 'retransmits' | 'unansweredProbes' | 'verified'>): boolean {
  return (retransmits ?? 0) > 0 || (unansweredProbes ?? 0) > 0 || verified?.kind === 'unanswered';
}

/** Whether it should have been given up by now, as its own keepalive has it; data in flight puts that off (tcp_retries2), and window probes do. */
function isOverdue(socket: Omit<LiveSocket, 'risk'>, timeoutMs: number | null): boolean {
  const { keepalive, lastAcknowledgedMs, verified, unacked, retransmits } = socket;
  if (keepalive.source === 'unmeasured') return false;
  if (!keepalive.enabled) {
    // Nothing would ever have asked.
    if (verified?.kind === 'unanswered') return true;
    // Nor does anything ask again what has only the probes of a --verify behind it.
    const isIdle = (unacked ?? 0) === 0 && (retransmits ?? 0) === 0;
    return isIdle && silenceRisk(silenceMs(socket), timeoutMs) === 'stuck';
  }
  return (
    keepalive.source === 'getsockopt' && lastAcknowledgedMs !== null && lastAcknowledgedMs > deadAfterMs(keepalive)
  );
}

/** Without keepalive: once the connection has been silent for longer than the timeout it is lost, and nobody will tell. */
function silenceRisk(silence: number | null, timeoutMs: number | null): SocketRisk {
  return silence !== null && timeoutMs !== null && silence >= timeoutMs ? 'stuck' : 'unprotected';
}
