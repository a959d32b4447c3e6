/** What to do with somebody's socket, whether to do it, and how to undo it. */

import type { Keepalive } from '../../report/values.ts';
import type { LiveSocket } from '../../sockets/live-socket.ts';
import { namespaceArgument } from '../../sockets/socket-filter.ts';
import { isJudged } from '../../sockets/socket-risk.ts';
import type { RescueAction } from './report.ts';

/** The processes that kaprobe must not get into the way of. */
export interface OwnProcesses {
  own: number;
  /** Its parent, that one's parent, and so on: the shell, and what the shell runs in. */
  ancestors: readonly number[];
}

/** Why a socket must not be touched; null: nothing speaks against it. */
export function refusalOf(
  { state, inode, owners, cookie }: Pick<LiveSocket, 'state' | 'inode' | 'owners' | 'cookie'>,
  action: RescueAction,
  { own, ancestors }: OwnProcesses,
): string | null {
  if (!isJudged({ state, inode })) return `nobody waits on a connection in ${state}`;
  if (owners.length === 0) return 'no process was found that holds it: run as root, where all processes show';
  if (cookie === null) return 'this kernel gives sockets no number by which to be sure that it is still the same';
  const pids = owners.map(({ pid }) => pid);
  if (pids.includes(own)) return "it is kaprobe's own";
  const ancestor = action.kind === 'shutdown' ? pids.find((pid) => ancestors.includes(pid)) : undefined;
  return ancestor === undefined ? null : `process ${ancestor} started kaprobe: that may be your own session`;
}

/** The settings that a socket is to have. */
export function plannedKeepalive(before: Keepalive, action: RescueAction): Keepalive | null {
  if (action.kind === 'shutdown') return null;
  const { enabled, idleMs, intervalMs, count, userTimeoutMs } = action.keepalive;
  return {
    enabled,
    idleMs: idleMs ?? before.idleMs,
    intervalMs: intervalMs ?? before.intervalMs,
    count: count ?? before.count,
    userTimeoutMs: userTimeoutMs ?? before.userTimeoutMs,
  };
}

/** Reports whether the settings are the same in every respect. */
export function isSameKeepalive(a: Keepalive, b: Keepalive): boolean {
  return (
    a.enabled === b.enabled &&
    a.idleMs === b.idleMs &&
    a.intervalMs === b.intervalMs &&
    a.count === b.count &&
    a.userTimeoutMs === b.userTimeoutMs
  );
}

/**
 * When the kernel gives a connection up that gets no answer any more, from the moment on at which these settings are put on it. The silence so
 * far counts (tcp_sock_set_keepidle_locked, tcp_keepalive_timer): the first probe goes when it is as long as the idle time, at once if it is
 * already; and where there is a user timeout, at the first probe time that has reached it and follows an unanswered probe. null: never.
 */
export function givenUpAfterMs(
  { enabled, idleMs, intervalMs, count, userTimeoutMs }: Keepalive,
  silenceMs: number,
): number | null {
  if (!enabled) return null;
  const firstProbeMs = Math.max(0, idleMs - silenceMs);
  if (userTimeoutMs === 0) return firstProbeMs + intervalMs * count;
  const intervals = Math.max(1, Math.ceil((userTimeoutMs - silenceMs - firstProbeMs) / intervalMs));
  return firstProbeMs + intervalMs * intervals;
}

/** The command line that puts the settings back, on this socket and no other. */
export function undoCommand(
  { local, remote, owners }: Pick<LiveSocket, 'local' | 'remote' | 'owners'>,
  { enabled, idleMs, intervalMs, count, userTimeoutMs }: Keepalive,
  netnsPid: number | null,
): string | null {
  const [owner] = owners;
  if (owner === undefined) return null;
  return [
    'kaprobe rescue',
    ...namespaceArgument(netnsPid),
    `--pid ${owner.pid} --local ${local} --remote ${remote}`,
    ...(enabled ? [] : ['--off']),
    `--idle ${idleMs / 1000}s --interval ${intervalMs / 1000}s --count ${count} --user-timeout ${userTimeoutMs}ms --yes`,
  ].join(' ');
}
