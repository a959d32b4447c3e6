/** A socket of another process, reached through a duplicate of its descriptor: pidfd_open(2), pidfd_getfd(2). */
import type { Libc } from './libc.ts';
import { cookieOf } from './sock-diag.ts';

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

/** The same with whatever the descriptor refers to. */
export function withForeignDescriptor<T>(libc: Libc, holder: { pid: number; fd: number }, look: (fd: number) => T): T {
  const pidfd = libc.pidfdOpen(holder.pid);
  try {
    const fd = libc.pidfdGetfd(pidfd, holder.fd);
    try {
      return look(fd);
    } finally {
      libc.close(fd);
    }
  } finally {
    libc.close(pidfd);
  }
}

/** The number that a socket keeps for as long as it lives, in the form of sock_diag's (SO_COOKIE, socket(7)). */
export function readCookie(libc: Libc, fd: number): string {
  const bytes = libc.getsockopt(fd, SOL_SOCKET, SO_COOKIE, 8);
  const [low = 0, high = 0] = new Uint32Array(bytes.slice().buffer);
  return cookieOf(low, high);
}
