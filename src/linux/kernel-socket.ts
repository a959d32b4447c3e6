/** TCP sockets as the kernel lists them, whether sock_diag or /proc/net/tcp shows the list. */
import type { TcpState, TcpTimer } from '../base/tcp-state.ts';
import { copyOfInfo, type TcpInfo } from './tcp-info.ts';

/** One TCP socket as the kernel lists it. */
export interface KernelSocket {
  family: 4 | 6;
  state: TcpState;
  /** Without brackets; an IPv4-mapped one as `::ffff:192.0.2.1`. */
  localAddress: string;
  localPort: number;
  remoteAddress: string;
  remotePort: number;
  /** Which timer is running: what the socket waits for. `keepalive` also stands for FIN-WAIT-2 and for the retransmission of SYN-ACKs. null: none is. */
  timer: TcpTimer | null;
  /** Until it fires; 0 without a timer. */
  expiresMs: number;
  uid: number;
  /** 0 for one that no descriptor refers to any more: TIME-WAIT, or closed by its process. */
  inode: number;
  /** What SO_COOKIE says of the same socket: its number as long as the machine runs, in hexadecimal; null: read from /proc/net/tcp. */
  cookie: string | null;
  /** null when there is none: TIME-WAIT, SYN-RECEIVED, or not asked for. */
  info: Readonly<TcpInfo> | null;
}

/** One of a list that is being read, with what is quick to keep of a hundred thousand: texts as numbers. */
export interface ListedSocket extends KernelSocket {
  /** Numbers of the two addresses, from 0 on, in this reading of the list. */
  localHost: number;
  remoteHost: number;
  /** The halves of the cookie; both NO_COOKIE in place of null. */
  cookieLow: number;
  cookieHigh: number;
}

/** INET_DIAG_NOCOOKIE of linux/inet_diag.h. */
export const NO_COOKIE = 0xffff_ffff;

/** What to list. */
export interface SocketRequest {
  states: readonly TcpState[];
  /** Whether to ask for TCP_INFO too, which makes the answer five times as long. */
  withInfo: boolean;
  /** Only those with this port; left out: with any. */
  localPort?: number;
  remotePort?: number;
}

/** How to ask for one socket again: its ends, and the number that tells it from a later one with the same ends. */
export type SocketName = Pick<
  KernelSocket,
  'family' | 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'
> & {
  cookie: string | null;
};

/** A list of the TCP sockets, IPv4 and IPv6, of one network namespace, which can be read repeatedly. */
export interface SocketList {
  /**
   * Shows each socket to `visit`, as a record that moves on to the next: what is to be kept must be copied. Returns whether the tables stood
   * still meanwhile; if not, sockets may be missing or come twice. Throws a KernelError or a CapabilityError where the list cannot be read.
   */
  each(request: SocketRequest, visit: (socket: Readonly<ListedSocket>) => void): boolean;
  /** Looks at single sockets, with TCP_INFO: what that costs does not grow with the number of others. Those that are gone are left out. */
  find(names: readonly SocketName[]): KernelSocket[];
  close(): void;
}

/** All sockets of a list as records of their own, and whether the tables stood still. */
export function readSockets(
  list: Pick<SocketList, 'each'>,
  request: SocketRequest,
): { sockets: KernelSocket[]; consistent: boolean } {
  const sockets: KernelSocket[] = [];
  const consistent = list.each(request, (socket) => sockets.push(copyOfSocket(socket)));
  return { sockets, consistent };
}

/** A record of its own, to be kept. */
export function copyOfSocket(socket: Readonly<KernelSocket>): KernelSocket {
  const { info } = socket;
  return {
    family: socket.family,
    state: socket.state,
    localAddress: socket.localAddress,
    localPort: socket.localPort,
    remoteAddress: socket.remoteAddress,
    remotePort: socket.remotePort,
    timer: socket.timer,
    expiresMs: socket.expiresMs,
    uid: socket.uid,
    inode: socket.inode,
    cookie: socket.cookie,
    info: info === null ? null : copyOfInfo(info),
  };
}

/** A cookie of two 32-bit halves, the lower first, as SO_COOKIE and sock_diag give it. */
export function cookieOf(low: number, high: number): string {
  return high === 0 ? low.toString(16) : `${high.toString(16)}${low.toString(16).padStart(8, '0')}`;
}

/** The same; null for NO_COOKIE. */
export function cookieOrNull(low: number, high: number): string | null {
  return low === NO_COOKIE && high === NO_COOKIE ? null : cookieOf(low, high);
}

/** The two halves of a cookie, the lower first. */
export function cookieHalves(cookie: string | null): [low: number, high: number] {
  if (cookie === null) return [NO_COOKIE, NO_COOKIE];
  const number = BigInt(`0x${cookie}`);
  return [Number(number & 0xffff_ffffn), Number(number >> 32n)];
}
