/** Acts on a socket of another process, through a duplicate of its descriptor. */
import { KernelError } from '../../base/errors.ts';
import type { TcpState } from '../../base/tcp-state.ts';
import { withForeignSocket } from '../../linux/foreign-socket.ts';
import type { Libc } from '../../linux/libc.ts';
import { readKeepalive, writeKeepalive } from '../../linux/socket-options.ts';
import { readTcpInfo } from '../../linux/tcp-info.ts';
import type { Keepalive } from '../../report/values.ts';
import type { LiveSocket } from '../../sockets/live-socket.ts';
import { isSameKeepalive, plannedKeepalive } from './decide-rescue.ts';
import type { RescueAction, RescueResult } from './report.ts';

const SHUT_RDWR = 2;
/** Those in which somebody may wait on a connection. */
export const RESCUABLE_STATES: readonly TcpState[] = ['established', 'close-wait', 'fin-wait-2'];

/** What was there, and what became of it. `before` null: it could not be read. */
export interface Rescued {
  before: Keepalive | null;
  result: RescueResult;
}

/**
 * Does it, or only looks whether it could be done (`confirmed` false): to the very socket that was looked at, or not at all. The duplicate is compared with it before anything is changed, and what is
 * changed is changed through the same duplicate, so descriptors and process numbers that were used again meanwhile do no harm.
 */
export function rescueSocket(
  libc: Libc,
  { cookie, owners }: Pick<LiveSocket, 'cookie' | 'owners'>,
  action: RescueAction,
  confirmed: boolean,
): Rescued {
  const reasons: string[] = [];
  for (const { pid, fd } of cookie === null ? [] : owners) {
    try {
      const rescued = withForeignSocket(libc, { pid, fd, cookie: cookie ?? '' }, (duplicate) =>
        act(libc, duplicate, action, confirmed),
      );
      if (rescued !== null) return rescued;
      reasons.push(`descriptor ${fd} of process ${pid} is another socket by now`);
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      reasons.push(explain(error, pid, fd));
    }
  }
  return { before: null, result: { kind: 'refused', reason: reasons.join('; ') || 'no process holds it' } };
}

function act(libc: Libc, fd: number, action: RescueAction, confirmed: boolean): Rescued {
  const before = readKeepalive(libc, fd);
  const { state } = readTcpInfo(libc, fd);
  if (!RESCUABLE_STATES.includes(state))
    return { before, result: { kind: 'refused', reason: `it is in ${state} by now` } };
  if (action.kind === 'shutdown') {
    if (!confirmed) return { before, result: { kind: 'planned' } };
    libc.shutdown(fd, SHUT_RDWR);
    return { before, result: { kind: 'shut-down', state: readTcpInfo(libc, fd).state } };
  }
  const planned = plannedKeepalive(before, action);
  if (planned !== null && isSameKeepalive(before, planned)) return { before, result: { kind: 'unchanged' } };
  if (!confirmed) return { before, result: { kind: 'planned' } };
  const refused = writeKeepalive(libc, fd, action.keepalive);
  const { enabled, idleMs } = action.keepalive;
  // Switched on, the timer starts anew; set again, the idle time counts from the last segment, so that what is long silent is probed at once.
  const nothingElse = { intervalMs: null, count: null, userTimeoutMs: null };
  if (enabled && refused.length === 0)
    writeKeepalive(libc, fd, { enabled, idleMs: idleMs ?? before.idleMs, ...nothingElse });
  return { before, result: { kind: 'changed', after: readKeepalive(libc, fd), refused } };
}

function explain({ errno, message }: KernelError, pid: number, fd: number): string {
  switch (errno) {
    case 'EPERM':
      return `descriptor ${fd} of process ${pid} may not be duplicated (EPERM): needs root, or CAP_SYS_PTRACE over that process`;
    case 'ESRCH':
      return `process ${pid} has ended`;
    case 'EBADF':
      return `process ${pid} has closed descriptor ${fd}`;
    case 'ENOSYS':
      return 'this kernel cannot duplicate descriptors: pidfd_getfd came with Linux 5.6';
    default:
      return message;
  }
}
