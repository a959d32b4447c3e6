/** A socket of another process, reached through a duplicate of its descriptor: pidfd_open(2), pidfd_getfd(2). */
import { KernelError } from '../base/errors.ts';
import { cookieOf } from './kernel-socket.ts';
import type { Libc } from './libc.ts';

const SOL_SOCKET = 1;
/** asm-generic/socket.h. */
const SO_COOKIE = 57;

/**
 * Runs `look` with a duplicate of descriptor `fd` of process `pid` and closes it afterwards: the socket is the same, its options and its
 * state are shared, the process notices nothing. null when the descriptor does not refer to the socket with this cookie (any more):
 * numbers of processes and descriptors are used again. Throws a KernelError: EPERM without ptrace permission (PTRACE_MODE_ATTACH_REALCREDS),
 * ESRCH or EBADF when process or descriptor are gone, ENOSYS before Linux 5.6.
 */
export function withForeignSocket<T>(
  libc: Libc,
  socket: { pid: number; fd: number; cookie: string },
  look: (fd: number) => T,
): T | null {
  return withForeignDescriptor(libc, socket, (fd) => (readCookie(libc, fd) === socket.cookie ? look(fd) : null));
}

/**
 * Returns a duplicate of it, which is the caller's to close; null when the descriptor does not refer to that socket (any more). Throws as
 * withForeignSocket() does.
 */
export function duplicateForeignSocket(libc: Libc, socket: { pid: number; fd: number; cookie: string }): number | null {
  const duplicate = duplicateOf(libc, socket);
  let kept = false;
  try {
    kept = readCookie(libc, duplicate) === socket.cookie;
    return kept ? duplicate : null;
  } finally {
    if (!kept) libc.close(duplicate);
  }
}

/** The same as withForeignSocket() with whatever the descriptor refers to. */
export function withForeignDescriptor<T>(libc: Libc, holder: { pid: number; fd: number }, look: (fd: number) => T): T {
  const duplicate = duplicateOf(libc, holder);
  try {
    return look(duplicate);
  } finally {
    libc.close(duplicate);
  }
}

function duplicateOf(libc: Libc, { pid, fd }: { pid: number; fd: number }): number {
  const pidfd = libc.pidfdOpen(pid);
  try {
    return libc.pidfdGetfd(pidfd, fd);
  } finally {
    libc.close(pidfd);
  }
}

/** What says nothing about the other descriptors of a process: this one is gone, is something else, or is hidden by a security module. */
const OF_ONE_DESCRIPTOR = ['EBADF', 'ENOTSOCK', 'EACCES'];

/** Looks at the descriptors of many processes, one process after the other. */
export interface ForeignDescriptors {
  /** Runs `look` with a duplicate, which is closed afterwards, where there is a right to it and it is still there; else does nothing. */
  look(pid: number, fd: number, look: (duplicate: number) => void): void;
  close(): void;
}

/** Makes them, for a hundred thousand: a process is opened once for all of its descriptors that follow each other. */
export function foreignDescriptors(libc: Libc): ForeignDescriptors {
  let openPid = 0;
  /** null: the process cannot be opened, or refuses all. */
  let pidfd: number | null = null;
  const close = (): void => {
    if (pidfd !== null) libc.close(pidfd);
    pidfd = null;
  };
  const lookAt = (pid: number, fd: number, look: (duplicate: number) => void): void => {
    if (pid !== openPid) {
      close();
      openPid = pid;
      pidfd = libc.pidfdOpen(pid);
    }
    if (pidfd === null) return;
    const duplicate = libc.pidfdGetfd(pidfd, fd);
    try {
      look(duplicate);
    } finally {
      libc.close(duplicate);
    }
  };
  return {
    look: (pid, fd, look) => {
      try {
        lookAt(pid, fd, look);
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
        if (!OF_ONE_DESCRIPTOR.includes(error.errno)) close();
      }
    },
    close,
  };
}

/** Filled and read anew each time. */
const halves = new Uint32Array(2);

/** Reports whether it is the socket of that number, given in halves, without making a text of it: for many. */
export function hasCookie(libc: Libc, fd: number, low: number, high: number): boolean {
  libc.getsockoptInto(fd, SOL_SOCKET, SO_COOKIE, halves);
  return halves[0] === low && halves[1] === high;
}

/** The number that a socket keeps for as long as it lives, in the form of sock_diag's (SO_COOKIE, socket(7)). */
export function readCookie(libc: Libc, fd: number): string {
  libc.getsockoptInto(fd, SOL_SOCKET, SO_COOKIE, halves);
  const [low = 0, high = 0] = halves;
  return cookieOf(low, high);
}
