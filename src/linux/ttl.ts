/**
 * Finding out which hop a segment gets to, without any rights: ip(7) IP_TTL, IP_RECVERR; ipv6(7). Numbers from linux/in.h, linux/in6.h,
 * linux/tcp.h, linux/errqueue.h, linux/icmp.h, linux/icmpv6.h and asm-generic/socket.h.
 */
import { isIPv6 } from 'node:net';
import { endianness } from 'node:os';
import { KernelError } from '../base/errors.ts';
import { addressBytes, formatIpv4, formatIpv6 } from './addresses.ts';
import { errnoName, type Libc } from './libc.ts';
import { readInt } from './socket-options.ts';
import { StructView } from './struct-view.ts';

const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_KEEPALIVE = 9;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_KEEPCNT = 6;
const TCP_INFO = 11;
const TCP_THIN_LINEAR_TIMEOUTS = 16;
const TCP_USER_TIMEOUT = 18;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_ERRQUEUE = 0x2000;
const MSG_NOSIGNAL = 0x4000;
const AF_UNSPEC = 0;

/** What differs between the families. `unicastHops` is IP_TTL or IPV6_UNICAST_HOPS, `receiveErrors` IP_RECVERR or IPV6_RECVERR. */
const FAMILIES = {
  4: { domain: 2, level: 0, unicastHops: 2, receiveErrors: 11 },
  6: { domain: 10, level: 41, unicastHops: 16, receiveErrors: 25 },
} as const;

/** MAX_TCP_KEEPCNT, and an interval so long that the kernel sends no probe by itself. */
const MAX_KEEPCNT = 127;
const RARELY_S = 1000;

/** net/tcp_states.h. */
const TCP_SYN_SENT = 2;
const TCP_CLOSE = 7;

/** SO_EE_ORIGIN_* of linux/errqueue.h, and the ICMP types that say what became of a packet. */
const ORIGINS = {
  2: { family: 4, timeExceeded: 11, unreachable: 3 },
  3: { family: 6, timeExceeded: 3, unreachable: 1 },
} as const;

/** A control message is a cmsghdr of a word and two ints, then its data; the word is that of the C library, 32 or 64 bits. */
const WORD_BYTES = ['arm', 'ia32', 'mips', 'mipsel'].includes(process.arch) ? 4 : 8;
const CONTROL_BYTES = 256;

/** An ICMP error that a packet drew. */
export interface IcmpError {
  /** `time-exceeded`: its TTL was used up. `unreachable`: it was rejected, or there is no way on. */
  kind: 'time-exceeded' | 'unreachable';
  /** Who says so. */
  address: string;
}

/** What became of a connection attempt so far. */
export type SynState =
  | { kind: 'waiting' }
  /** Its SYN drew an ICMP error. */
  | IcmpError
  /** A SYN-ACK, or a RST: the far end, or a box that answers in its name. */
  | { kind: 'reached' }
  | { kind: 'failed'; errno: string };

/** The family of an address that `toSockaddr` takes. */
export function familyOf(address: string): 4 | 6 {
  return isIPv6(address) ? 6 : 4;
}

/**
 * Starts to connect with packets whose TTL ends at hop `ttl`, and returns the descriptor, which `abandon` has to be called for. Throws a
 * KernelError when this host cannot even try: no descriptors, no ports, no route.
 */
export function startConnecting(libc: Libc, { address, port }: { address: string; port: number }, ttl: number): number {
  const { domain, level, unicastHops, receiveErrors } = FAMILIES[familyOf(address)];
  const fd = libc.socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC);
  try {
    libc.setsockopt(fd, level, unicastHops, ttl);
    libc.setsockopt(fd, level, receiveErrors, 1);
    libc.connect(fd, toSockaddr(address, port));
  } catch (error) {
    if (error instanceof KernelError && error.errno === 'EINPROGRESS') return fd;
    libc.close(fd);
    throw error;
  }
  return fd;
}

/** Looks at a connection attempt. What it drew is taken off its error queue, so it is told once. */
export function lookAtConnecting(libc: Libc, fd: number): SynState {
  const control = nextError(libc, fd);
  const error = control === null ? null : decodeIcmpError(control);
  if (error !== null) return error;
  const [state] = libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, 1);
  if (state === TCP_SYN_SENT) return { kind: 'waiting' };
  if (state !== TCP_CLOSE) return { kind: 'reached' }; // established, or closed by the peer since
  const errno = takeError(libc, fd) ?? 'ECONNRESET';
  return errno === 'ECONNREFUSED' || errno === 'ECONNRESET' ? { kind: 'reached' } : { kind: 'failed', errno };
}

/**
 * Ends a connection attempt and closes its descriptor. If it had become a connection, a RST goes out and no TIME_WAIT stays: connecting to
 * AF_UNSPEC dissolves it (connect(2); tcp_disconnect() in net/ipv4/tcp.c).
 */
export function abandon(libc: Libc, fd: number): void {
  try {
    const address = new Uint8Array(16);
    new Uint16Array(address.buffer)[0] = AF_UNSPEC;
    libc.connect(fd, address);
  } catch {
    // Then closing it is all that can be done.
  } finally {
    libc.close(fd);
  }
}

/** How segments of an established connection can be made to leave on demand. */
export type Means = 'keepalive' | 'bytes';

/**
 * Prepares an established connection for segments on demand and of any TTL, and returns the way back. TCP_USER_TIMEOUT is suspended and
 * TCP_KEEPCNT raised to its maximum, so that the kernel does not end the connection meanwhile; with TCP_THIN_LINEAR_TIMEOUTS it
 * repeats payload more often when little is in flight.
 */
export function prepareForSweep(libc: Libc, fd: number, family: 4 | 6, means: Means): (fd: number) => void {
  const { level, unicastHops } = FAMILIES[family];
  const settings: readonly (readonly [level: number, option: number, value: number | null])[] = [
    [level, unicastHops, null],
    [IPPROTO_TCP, TCP_USER_TIMEOUT, 0],
    ...(means === 'bytes'
      ? ([
          [IPPROTO_TCP, TCP_NODELAY, 1],
          [IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1],
        ] as const)
      : ([
          [IPPROTO_TCP, TCP_KEEPCNT, MAX_KEEPCNT],
          [IPPROTO_TCP, TCP_KEEPINTVL, RARELY_S],
          [IPPROTO_TCP, TCP_KEEPIDLE, 1],
          [SOL_SOCKET, SO_KEEPALIVE, 1],
        ] as const)),
  ];
  const before = settings.map(([level, option]) => [level, option, readInt(libc, fd, level, option)] as const);
  for (const [level, option, value] of settings) if (value !== null) libc.setsockopt(fd, level, option, value);
  return (sameFd) => {
    for (const [level, option, value] of before) libc.setsockopt(sameFd, level, option, value);
  };
}

/** From now on the packets of this socket, retransmissions included, end at hop `ttl`. */
export function limitHops(libc: Libc, fd: number, family: 4 | 6, ttl: number): void {
  const { level, unicastHops } = FAMILIES[family];
  libc.setsockopt(fd, level, unicastHops, ttl);
}

/**
 * Has the kernel send one segment. `bytes`: one byte of payload, at once, as long as the window allows. `keepalive`: a probe, within a tick
 * of its clock, unless data is unacknowledged; setting TCP_KEEPIDLE to less than the silence so far makes the timer expire
 * (tcp_sock_set_keepidle_locked() in net/ipv4/tcp.c). Throws a KernelError when the connection has ended (EPIPE, ECONNRESET, …).
 */
export function provokeSegment(libc: Libc, fd: number, means: Means): void {
  if (means === 'bytes') libc.send(fd, new Uint8Array(1), MSG_DONTWAIT | MSG_NOSIGNAL);
  else libc.setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
}

/**
 * Takes the error that is pending, as its errno's name; null when there is none. For an established connection this is where an ICMP error
 * about a segment in flight shows, as EHOSTUNREACH when its TTL was used up: the kernel queues none, keeps no address, and wakes nobody up
 * as long as IP_RECVERR is off (sk_err_soft; tcp_v4_err() in net/ipv4/tcp_ipv4.c, tcp_v6_err() in net/ipv6/tcp_ipv6.c). Errors about
 * keepalive probes, which lie before the window, only show in the namespace's counters.
 */
export function takeError(libc: Libc, fd: number): string | null {
  const errno = readInt(libc, fd, SOL_SOCKET, SO_ERROR);
  return errno === 0 ? null : errnoName(errno);
}

/**
 * Reads the ICMP error out of the control messages that recvmsg(2) with MSG_ERRQUEUE returned: a sock_extended_err (linux/errqueue.h)
 * followed by the sockaddr of the sender, in this machine's byte order. null when there is none of the kinds that matter here.
 */
export function decodeIcmpError(control: Uint8Array, wordBytes: 4 | 8 = WORD_BYTES): IcmpError | null {
  const view = new DataView(control.buffer, control.byteOffset, control.byteLength);
  const little = endianness() === 'LE';
  const headerBytes = wordBytes + 8;
  for (let at = 0; at + headerBytes <= control.byteLength; ) {
    const lengthBytes = wordBytes === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little));
    if (lengthBytes < headerBytes || lengthBytes > control.byteLength - at) return null;
    const level = view.getInt32(at + wordBytes, little);
    const type = view.getInt32(at + wordBytes + 4, little);
    const isError = Object.values(FAMILIES).some((family) => family.level === level && family.receiveErrors === type);
    if (isError) return decodeExtendedError(control.subarray(at + headerBytes, at + lengthBytes));
    at += Math.ceil(lengthBytes / wordBytes) * wordBytes;
  }
  return null;
}

/** Offsets: 4 ee_origin, 5 ee_type, 16 the sender (SO_EE_OFFENDER): its family, and its address 4 or 8 bytes further on. */
function decodeExtendedError(bytes: Uint8Array): IcmpError | null {
  const origin = Object.entries(ORIGINS).find(([number]) => Number(number) === bytes[4])?.[1];
  if (origin === undefined || bytes.byteLength < 18) return null;
  const { domain } = FAMILIES[origin.family];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(16, endianness() === 'LE') !== domain) return null; // AF_UNSPEC: no sender
  const sender = new StructView(bytes);
  if (bytes.byteLength < (origin.family === 4 ? 24 : 40)) return null;
  const address = origin.family === 4 ? formatIpv4(sender, 20) : formatIpv6(sender, 24);
  if (bytes[5] === origin.timeExceeded) return { kind: 'time-exceeded', address };
  if (bytes[5] === origin.unreachable) return { kind: 'unreachable', address };
  return null;
}

/** The bytes of a struct sockaddr_in or sockaddr_in6 for a literal address; an IPv6 zone is left out. */
export function toSockaddr(address: string, port: number): Uint8Array {
  const family = familyOf(address);
  const bytes = new Uint8Array(family === 4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, FAMILIES[family].domain, endianness() === 'LE');
  view.setUint16(2, port);
  bytes.set(addressBytes(address.replace(/%.*$/, '')), family === 4 ? 4 : 8);
  return bytes;
}

/** The control messages of the oldest error in the queue; null when it is empty. */
function nextError(libc: Libc, fd: number): Uint8Array | null {
  try {
    return libc.receiveControl(fd, MSG_ERRQUEUE | MSG_DONTWAIT, CONTROL_BYTES);
  } catch (error) {
    if (error instanceof KernelError && error.errno === 'EAGAIN') return null;
    throw error;
  }
}
