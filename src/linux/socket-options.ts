/** TCP keepalive of one socket: tcp(7), socket(7). Numbers from linux/tcp.h and asm-generic/socket.h. */
import type { Socket } from 'node:net';
import { KernelError } from '../base/errors.ts';
import type { Keepalive, RefusedSetting, RequestedKeepalive } from '../report/values.ts';
import type { Libc } from './libc.ts';

const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_KEEPALIVE = 9;
/** asm-generic/socket.h: SO_RCVTIMEO_OLD, which is the one that programs of 64 bits use. */
const SO_RCVTIMEO = 20;
const IPPROTO_TCP = 6;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_KEEPCNT = 6;
const TCP_USER_TIMEOUT = 18;
const TCP_REPAIR = 19;
/** The least that TCP_KEEPIDLE can be. */
const SHORTEST_IDLE_S = 1;

/** The descriptor of a live socket, or null once it is closed: its number may belong to another file then. */
export function descriptorOf(socket: Socket): number | null {
  if (socket.destroyed) return null;
  // Node documents no way to the descriptor; `_handle.fd` has been there since 0.x and linux-only code may rely on it.
  const { _handle: handle } = socket as unknown as { _handle?: { fd?: unknown } | null };
  return typeof handle?.fd === 'number' && handle.fd >= 0 ? handle.fd : null;
}

/** Reads the keepalive that is in effect. */
export function readKeepalive(libc: Libc, fd: number): Keepalive {
  return {
    enabled: readInt(libc, fd, SOL_SOCKET, SO_KEEPALIVE) !== 0,
    idleMs: readInt(libc, fd, IPPROTO_TCP, TCP_KEEPIDLE) * 1000,
    intervalMs: readInt(libc, fd, IPPROTO_TCP, TCP_KEEPINTVL) * 1000,
    count: readInt(libc, fd, IPPROTO_TCP, TCP_KEEPCNT),
    userTimeoutMs: readInt(libc, fd, IPPROTO_TCP, TCP_USER_TIMEOUT),
  };
}

/** Puts the requested keepalive on the socket and returns what the kernel would not take. What is null is left alone. */
export function writeKeepalive(libc: Libc, fd: number, requested: RequestedKeepalive): RefusedSetting[] {
  const { enabled, idleMs, intervalMs, count, userTimeoutMs } = requested;
  const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
  const settings = [
    { option: 'TCP_KEEPIDLE', level: IPPROTO_TCP, number: TCP_KEEPIDLE, value: seconds(idleMs), unit: 's' },
    { option: 'TCP_KEEPINTVL', level: IPPROTO_TCP, number: TCP_KEEPINTVL, value: seconds(intervalMs), unit: 's' },
    { option: 'TCP_KEEPCNT', level: IPPROTO_TCP, number: TCP_KEEPCNT, value: count, unit: 'probes' },
    { option: 'TCP_USER_TIMEOUT', level: IPPROTO_TCP, number: TCP_USER_TIMEOUT, value: userTimeoutMs, unit: 'ms' },
    // Last, so that the timer starts with the values above.
    { option: 'SO_KEEPALIVE', level: SOL_SOCKET, number: SO_KEEPALIVE, value: enabled ? 1 : 0, unit: 'probes' },
  ] as const;
  return settings.flatMap(({ option, level, number, value, unit }) => {
    if (value === null) return [];
    try {
      libc.setsockopt(fd, level, number, value);
      return [];
    } catch (error) {
      if (error instanceof KernelError) return [{ option, requested: value, unit, errno: error.errno }];
      throw error;
    }
  });
}

/** Reads how long a read waits at most (SO_RCVTIMEO, a struct timeval of two longs); 0: for ever. */
export function readReceiveTimeoutMs(libc: Libc, fd: number): number {
  const bytes = libc.getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, 16);
  const [seconds = 0n, microseconds = 0n] = new BigInt64Array(bytes.slice().buffer);
  return Number(seconds) * 1000 + Number(microseconds) / 1000;
}

/**
 * Has the kernel send one segment without payload on an established connection, which the far end must answer if it still knows it: switching
 * TCP_REPAIR off does that, also where it was never on (tcp_send_window_probe in net/ipv4/tcp_output.c). No timer is touched and nothing
 * counts the probe, so an answer that stays away has no consequence. It needs CAP_NET_ADMIN (KernelError EPERM), and it clears SO_REUSEADDR,
 * which is put back at once. Returns false, and does nothing, on a socket that somebody is repairing (CRIU).
 */
export function sendWindowProbe(libc: Libc, fd: number): boolean {
  if (readInt(libc, fd, IPPROTO_TCP, TCP_REPAIR) !== 0) return false;
  const reuse = readInt(libc, fd, SOL_SOCKET, SO_REUSEADDR);
  libc.setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, 0);
  if (reuse !== 0) libc.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, reuse);
  return true;
}

/** Switches keepalive on and has its idle time be over, so that the kernel probes at once what has been silent for a second. */
export function startKeepalive(libc: Libc, fd: number, before: Keepalive): void {
  if (!before.enabled) libc.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  // After that: switched on, the timer starts with the idle time; set while it runs, the idle time counts from the last segment.
  libc.setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, SHORTEST_IDLE_S);
}

/** Sets back what startKeepalive() has changed, except what somebody else has set to another value since. */
export function stopKeepalive(libc: Libc, fd: number, { enabled, idleMs }: Keepalive): void {
  if (!enabled) libc.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
  if (readInt(libc, fd, IPPROTO_TCP, TCP_KEEPIDLE) === SHORTEST_IDLE_S)
    libc.setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, idleMs / 1000);
}

/** Filled and read anew each time. */
const word = new Int32Array(1);

/** The value of an option that is a 32-bit integer. Throws a KernelError where the kernel says so, or where it is none. */
export function readInt(libc: Libc, fd: number, level: number, option: number): number {
  const sizeBytes = libc.getsockoptInto(fd, level, option, word);
  const [value] = word;
  if (value === undefined || sizeBytes !== word.byteLength)
    throw new KernelError('EINVAL', `getsockopt level ${level} option ${option} returned ${sizeBytes} bytes`);
  return value;
}
