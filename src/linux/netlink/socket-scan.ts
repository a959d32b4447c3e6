/** The two things that take long where there are many sockets: which descriptors refer to which, and what options these have. */
import { KernelError } from '../../base/errors.ts';
import { hasCookie } from '../foreign-socket.ts';
import type { Libc } from '../libc.ts';
import { eachSocketHolder, type LinkOpener } from '../procfs/socket-holders.ts';
import { readKeepalive } from '../socket-options.ts';

/** A process, a descriptor of it, and the two halves of the cookie of the socket that it should refer to. */
export const TASK_CELLS = 4;
/** 1 when they are known, else 0; then SO_KEEPALIVE, idle and interval in milliseconds, count, user timeout in milliseconds. */
export const ANSWER_CELLS = 6;

/** What processes hold. */
export interface SocketLinks {
  /** LINK_CELLS for each descriptor that refers to a socket: its inode, the process, and the descriptor. */
  found: Uint32Array;
  /** How many processes there are whose descriptors this user may not see. */
  hiddenProcesses: number;
}

export const LINK_CELLS = 3;

/** What these processes hold. */
export function readLinks(pids: readonly number[], openLinks: LinkOpener): SocketLinks {
  let found = new Uint32Array(1024 * LINK_CELLS);
  let end = 0;
  const hiddenPids = eachSocketHolder(pids, '/proc', openLinks, (inode, pid, fd) => {
    if (end === found.length) {
      const more = new Uint32Array(2 * end);
      more.set(found);
      found = more;
    }
    found[end] = inode;
    found[end + 1] = pid;
    found[end + 2] = fd;
    end += LINK_CELLS;
  });
  return { found: found.subarray(0, end), hiddenProcesses: hiddenPids.length };
}

/**
 * Returns ANSWER_CELLS for each of the tasks, of TASK_CELLS. Each is answered through a duplicate of the descriptor, which keeps referring to one socket,
 * so that what follows the cookie is true of the socket with this cookie, whatever has become of process and descriptor since the links were read.
 */
export function readOptions(tasks: Uint32Array, libc: Libc): Uint32Array {
  const answers = new Uint32Array((tasks.length / TASK_CELLS) * ANSWER_CELLS);
  for (let at = 0; at < tasks.length; ) {
    const pid = tasks[at] ?? 0;
    let end = at;
    while (end < tasks.length && tasks[end] === pid) end += TASK_CELLS;
    readOptionsOf({ tasks, answers }, libc, pid, at, end);
    at = end;
  }
  return answers;
}

interface Job {
  tasks: Uint32Array;
  answers: Uint32Array;
}

/** What says nothing about the other descriptors of a process: this one is gone, is something else, or is hidden by a security module. */
const OF_ONE_DESCRIPTOR = ['EBADF', 'ENOTSOCK', 'EACCES'];

function readOptionsOf(job: Job, libc: Libc, pid: number, from: number, to: number): void {
  let pidfd: number | null = null;
  try {
    for (let at = from; at < to; at += TASK_CELLS) {
      try {
        pidfd ??= libc.pidfdOpen(pid);
        readAnswer(job, libc, pidfd, at);
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
        if (!OF_ONE_DESCRIPTOR.includes(error.errno)) return;
      }
    }
  } finally {
    if (pidfd !== null) libc.close(pidfd);
  }
}

function readAnswer({ tasks, answers }: Job, libc: Libc, pidfd: number, task: number): void {
  const fd = libc.pidfdGetfd(pidfd, tasks[task + 1] ?? 0);
  try {
    if (!hasCookie(libc, fd, tasks[task + 2] ?? 0, tasks[task + 3] ?? 0)) return;
    const { enabled, idleMs, intervalMs, count, userTimeoutMs } = readKeepalive(libc, fd);
    const answer = (task / TASK_CELLS) * ANSWER_CELLS;
    answers[answer] = 1;
    answers[answer + 1] = enabled ? 1 : 0;
    answers[answer + 2] = idleMs;
    answers[answer + 3] = intervalMs;
    answers[answer + 4] = count;
    answers[answer + 5] = userTimeoutMs;
  } finally {
    libc.close(fd);
  }
}
