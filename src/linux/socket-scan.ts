/**
 * The two jobs that take long where there are many sockets: which descriptors refer to which, and what options these have. A job is handed out
 * piece after piece, so that several threads can do one together: each takes the next piece that nobody has taken.
 */
import { KernelError } from '../errors.ts';
import { hasCookie } from './foreign-socket.ts';
import type { Libc } from './libc.ts';
import { eachSocketHolder, type LinkOpener } from './socket-holders.ts';
import { readKeepalive } from './socket-options.ts';

/** Which descriptors of these processes refer to sockets. A piece is a process. */
export interface LinksJob {
  kind: 'links';
  pids: Uint32Array;
  next: Int32Array;
}

/** What options sockets have. A piece is some tasks. */
export interface OptionsJob {
  kind: 'options';
  /** TASK_CELLS for each: a process, a descriptor of it, and the two halves of the cookie of the socket that it should refer to. */
  tasks: Uint32Array;
  /** ANSWER_CELLS for each: one of ANSWER, and when it is known SO_KEEPALIVE, idle and interval in milliseconds, count, user timeout in milliseconds. */
  answers: Uint32Array;
  next: Int32Array;
}

export type ScanJob = LinksJob | OptionsJob;

export const TASK_CELLS = 4;
export const ANSWER_CELLS = 6;
/** none: rights do not reach to it. moved: the descriptor is gone, or refers to something else. */
export const ANSWER = { none: 0, known: 1, moved: 2 } as const;
/** Several of these for each thread, and a process is not opened too often for them. */
const TASKS_A_PIECE = 1024;

/** What one thread has found of the links. */
export interface SocketLinks {
  /** LINK_CELLS for each descriptor that refers to a socket: its inode, the process, and the descriptor. */
  found: Uint32Array<ArrayBuffer>;
  /** How many processes there are whose descriptors this user may not see. */
  hiddenProcesses: number;
}

export const LINK_CELLS = 3;

/** All threads see what is in it. */
export function shared(cells: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(4 * cells));
}

export function linksJob(pids: readonly number[]): LinksJob {
  const list = shared(pids.length);
  list.set(pids);
  return { kind: 'links', pids: list, next: new Int32Array(new SharedArrayBuffer(4)) };
}

/** A job for as many tasks as there is room for. */
export function optionsJob(tasks: Uint32Array): OptionsJob {
  const answers = shared((tasks.length / TASK_CELLS) * ANSWER_CELLS);
  return { kind: 'options', tasks, answers, next: new Int32Array(new SharedArrayBuffer(4)) };
}

function takePiece({ next }: ScanJob): number {
  return Atomics.add(next, 0, 1);
}

/** Takes processes as long as there are any, and returns what these hold. */
export function readLinks(job: LinksJob, openLinks: LinkOpener): SocketLinks {
  let found = new Uint32Array(1024 * LINK_CELLS);
  let end = 0;
  let hiddenProcesses = 0;
  const add = (inode: number, pid: number, fd: number): void => {
    if (end === found.length) {
      const more = new Uint32Array(2 * end);
      more.set(found);
      found = more;
    }
    found[end] = inode;
    found[end + 1] = pid;
    found[end + 2] = fd;
    end += LINK_CELLS;
  };
  for (let piece = takePiece(job); piece < job.pids.length; piece = takePiece(job))
    hiddenProcesses += eachSocketHolder([...job.pids.subarray(piece, piece + 1)], '/proc', openLinks, add).length;
  return { found: found.subarray(0, end), hiddenProcesses };
}

/**
 * Takes tasks as long as there are any, and answers them through duplicates of the descriptors. A duplicate keeps referring to one socket, so that
 * what follows the cookie is true of the socket with this cookie, whatever has become of process and descriptor since the links were read.
 */
export function readOptions(job: OptionsJob, libc: Libc): void {
  const { tasks } = job;
  const pieceCells = TASKS_A_PIECE * TASK_CELLS;
  for (let from = pieceCells * takePiece(job); from < tasks.length; from = pieceCells * takePiece(job)) {
    const to = Math.min(from + pieceCells, tasks.length);
    for (let at = from; at < to; ) {
      const pid = tasks[at] ?? 0;
      let end = at;
      while (end < to && tasks[end] === pid) end += TASK_CELLS;
      readOptionsOf(job, libc, pid, at, end);
      at = end;
    }
  }
}

/** What tells that a process or its descriptor is gone, or that this is something else now. */
const MOVED = ['ESRCH', 'EBADF', 'ENOTSOCK'];

function readOptionsOf(job: OptionsJob, libc: Libc, pid: number, from: number, to: number): void {
  const { answers } = job;
  let pidfd: number | null = null;
  try {
    for (let at = from; at < to; at += TASK_CELLS) {
      const answer = (at / TASK_CELLS) * ANSWER_CELLS;
      try {
        pidfd ??= libc.pidfdOpen(pid);
        answers[answer] = readAnswer(job, libc, pidfd, at, answer);
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
        if (MOVED.includes(error.errno)) answers[answer] = ANSWER.moved;
        // The others are the same for all that the process has, but for a security module, which may hide one file.
        else if (error.errno !== 'EACCES') return;
      }
    }
  } finally {
    if (pidfd !== null) libc.close(pidfd);
  }
}

function readAnswer({ tasks, answers }: OptionsJob, libc: Libc, pidfd: number, task: number, answer: number): number {
  const fd = libc.pidfdGetfd(pidfd, tasks[task + 1] ?? 0);
  try {
    if (!hasCookie(libc, fd, tasks[task + 2] ?? 0, tasks[task + 3] ?? 0)) return ANSWER.moved;
    const { enabled, idleMs, intervalMs, count, userTimeoutMs } = readKeepalive(libc, fd);
    answers[answer + 1] = enabled ? 1 : 0;
    answers[answer + 2] = idleMs;
    answers[answer + 3] = intervalMs;
    answers[answer + 4] = count;
    answers[answer + 5] = userTimeoutMs;
    return ANSWER.known;
  } finally {
    libc.close(fd);
  }
}
