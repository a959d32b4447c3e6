/**
 * All TCP sockets of a network namespace, from the kernel itself: NETLINK_SOCK_DIAG, sock_diag(7). Needs no rights. Numbers and structs from
 * linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h; all but ports and addresses are in this machine's byte order.
 */
import { endianness } from 'node:os';
import { KernelError } from '../errors.ts';
import { TCP_STATES, type TcpState } from '../report/tcp-state.ts';
import { errnoName, loadLibc } from './libc.ts';

const LITTLE_ENDIAN = endianness() === 'LE';
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0o2000003;
const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST_DUMP = 0x301;
/** The tables changed while they were read: sockets may be missing or appear twice. */
const NLM_F_DUMP_INTR = 0x10;
const IPPROTO_TCP = 6;
const INET_DIAG_INFO = 2;
const NLMSG_HEADER_BYTES = 16;
const REQUEST_BYTES = NLMSG_HEADER_BYTES + 56;
/** struct inet_diag_msg. */
const MESSAGE_BYTES = 72;
/** netlink fills no more than 32 KiB at a time; a larger buffer would stay empty. */
const BUFFER_BYTES = 64 * 1024;

/** Which timer of the kernel is running (idiag_timer): what the socket waits for. */
export type SocketTimer =
  /** `keepalive` also stands for FIN-WAIT-2 and for the retransmission of SYN-ACKs. */
  { kind: 'retransmit' | 'keepalive' | 'time-wait' | 'window-probe'; expiresMs: number; retries: number } | null;

/** The part of a socket's TCP_INFO (linux/tcp.h) that kaprobe reads here; null: this kernel's struct ends before the field. */
export interface DiagTcpInfo {
  /** tcpi_retransmits: of the segment that waits for its acknowledgement. */
  retransmits: number;
  /** tcpi_probes: keepalive or window probes sent since the last acknowledgement. */
  unansweredProbes: number;
  /** tcpi_unacked: segments sent and not acknowledged. */
  unackedSegments: number | null;
  /** tcpi_rtt. */
  rttMs: number | null;
  /** tcpi_last_data_sent, tcpi_last_data_recv, tcpi_last_ack_recv: for how long none. */
  lastDataSentMs: number | null;
  lastDataReceivedMs: number | null;
  lastAckReceivedMs: number | null;
}

/** One TCP socket as the kernel lists it. */
export interface DiagSocket {
  family: 4 | 6;
  state: TcpState;
  /** Without brackets; an IPv4-mapped one as `::ffff:192.0.2.1`. */
  localAddress: string;
  localPort: number;
  remoteAddress: string;
  remotePort: number;
  timer: SocketTimer;
  uid: number;
  /** 0 for one that no descriptor refers to any more: TIME-WAIT, or closed by its process. */
  inode: number;
  /** What SO_COOKIE says of the same socket: its number as long as the machine runs, in hexadecimal; null: read from /proc/net/tcp. */
  cookie: string | null;
  /** idiag_rqueue, idiag_wqueue: for a listener, connections that wait to be accepted and the most that may. */
  receiveQueue: number;
  sendQueue: number;
  /** null when there is none: TIME-WAIT, SYN-RECEIVED, or not asked for. */
  info: DiagTcpInfo | null;
}

export interface SocketDump {
  sockets: DiagSocket[];
  /** Whether the tables stood still while they were read; if not, sockets may be missing or twice there. */
  consistent: boolean;
}

/** What to list. */
export interface DiagRequest {
  states: readonly TcpState[];
  /** Whether to ask for TCP_INFO too, which makes the answer five times as long. */
  withInfo: boolean;
}

/**
 * Lists the TCP sockets, IPv4 and IPv6, of the calling thread's network namespace. Rejects with a CapabilityError where koffi is not to be
 * had and with a KernelError where the kernel does not answer (no CONFIG_INET_DIAG, a sandbox that forbids netlink).
 */
export async function listSockets(request: DiagRequest): Promise<SocketDump> {
  const dump = await openSockDiag();
  try {
    return dump.list(request);
  } finally {
    dump.close();
  }
}

/** An open NETLINK_SOCK_DIAG socket; it belongs to the network namespace that it was opened in. */
export interface SockDiag {
  list(request: DiagRequest): SocketDump;
  close(): void;
}

/** Opens one, for those who list more than once, or from within another namespace: everything that may wait is done when it resolves. */
export async function openSockDiag(): Promise<SockDiag> {
  const open = await sockDiagOpener();
  return open();
}

/** Loads what is needed and returns a function that opens without waiting, for inNetworkNamespaceOf(). */
export async function sockDiagOpener(): Promise<() => SockDiag> {
  const libc = await loadLibc();
  return () => {
    const fd = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG);
    const buffer = new Uint8Array(BUFFER_BYTES);
    const one = (family: 4 | 6, request: DiagRequest, sockets: DiagSocket[]): boolean => {
      libc.send(fd, encodeRequest(family, request), 0);
      let consistent = true;
      for (;;) {
        const length = libc.receive(fd, buffer, 0);
        const part = decodeAnswer(buffer.subarray(0, length), sockets);
        consistent &&= part.consistent;
        if (part.done) return consistent;
      }
    };
    return {
      list: (request) => {
        const sockets: DiagSocket[] = [];
        const four = one(4, request, sockets);
        const six = one(6, request, sockets);
        return { sockets, consistent: four && six };
      },
      close: () => libc.close(fd),
    };
  };
}

/** A dump request: struct nlmsghdr and struct inet_diag_req_v2. */
function encodeRequest(family: 4 | 6, { states, withInfo }: DiagRequest): Uint8Array {
  const bytes = new Uint8Array(REQUEST_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, REQUEST_BYTES, LITTLE_ENDIAN);
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, LITTLE_ENDIAN);
  view.setUint16(6, NLM_F_REQUEST_DUMP, LITTLE_ENDIAN);
  bytes[16] = family === 4 ? AF_INET : AF_INET6;
  bytes[17] = IPPROTO_TCP;
  bytes[18] = withInfo ? 1 << (INET_DIAG_INFO - 1) : 0;
  view.setUint32(
    20,
    states.reduce((mask, state) => mask | (1 << TCP_STATES.indexOf(state)), 0),
    LITTLE_ENDIAN,
  );
  return bytes;
}

/**
 * Reads one part of the answer and adds its sockets to `sockets`. Throws a KernelError when the kernel says that something is wrong, or when
 * what it says cannot be read.
 */
export function decodeAnswer(bytes: Uint8Array, sockets: DiagSocket[]): { done: boolean; consistent: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let consistent = true;
  for (let at = 0; at < bytes.byteLength; ) {
    const length = at + NLMSG_HEADER_BYTES <= bytes.byteLength ? view.getUint32(at, LITTLE_ENDIAN) : 0;
    if (length < NLMSG_HEADER_BYTES || at + length > bytes.byteLength) throw unreadable();
    const type = view.getUint16(at + 4, LITTLE_ENDIAN);
    if (view.getUint16(at + 6, LITTLE_ENDIAN) & NLM_F_DUMP_INTR) consistent = false;
    if (type === NLMSG_DONE || type === NLMSG_ERROR) {
      const error = length >= NLMSG_HEADER_BYTES + 4 ? view.getInt32(at + NLMSG_HEADER_BYTES, LITTLE_ENDIAN) : 0;
      if (error < 0) throw new KernelError(errnoName(-error), 'list sockets by sock_diag');
      return { done: true, consistent };
    }
    if (type === SOCK_DIAG_BY_FAMILY) {
      if (length < NLMSG_HEADER_BYTES + MESSAGE_BYTES) throw unreadable();
      sockets.push(decodeSocket(view, at + NLMSG_HEADER_BYTES, at + length));
    }
    at += (length + 3) & ~3;
  }
  return { done: false, consistent };
}

function unreadable(): KernelError {
  return new KernelError('EBADMSG', 'list sockets by sock_diag');
}

/** The kinds of timer by the kernel's number (idiag_timer). */
export const SOCKET_TIMERS = [null, 'retransmit', 'keepalive', 'time-wait', 'window-probe'] as const;

/** Reads struct inet_diag_msg and the attributes behind it, up to `end`. */
function decodeSocket(view: DataView, at: number, end: number): DiagSocket {
  const family = view.getUint8(at) === AF_INET ? 4 : 6;
  const timer = SOCKET_TIMERS[view.getUint8(at + 2)] ?? null;
  return {
    family,
    state: TCP_STATES[view.getUint8(at + 1)] ?? 'unknown',
    localAddress: addressAt(view, at + 8, family),
    localPort: view.getUint16(at + 4),
    remoteAddress: addressAt(view, at + 24, family),
    remotePort: view.getUint16(at + 6),
    timer:
      timer === null
        ? null
        : { kind: timer, expiresMs: view.getUint32(at + 52, LITTLE_ENDIAN), retries: view.getUint8(at + 3) },
    uid: view.getUint32(at + 64, LITTLE_ENDIAN),
    inode: view.getUint32(at + 68, LITTLE_ENDIAN),
    cookie: cookieOf(view.getUint32(at + 44, LITTLE_ENDIAN), view.getUint32(at + 48, LITTLE_ENDIAN)),
    receiveQueue: view.getUint32(at + 56, LITTLE_ENDIAN),
    sendQueue: view.getUint32(at + 60, LITTLE_ENDIAN),
    info: infoAmong(view, at + MESSAGE_BYTES, end),
  };
}

/** A socket cookie of two 32-bit halves, the lower first, as SO_COOKIE and sock_diag give it. */
export function cookieOf(low: number, high: number): string {
  return high === 0 ? low.toString(16) : `${high.toString(16)}${low.toString(16).padStart(8, '0')}`;
}

/** Looks through the attributes for INET_DIAG_INFO. */
function infoAmong(view: DataView, from: number, end: number): DiagTcpInfo | null {
  for (let at = from; at + 4 <= end; ) {
    const length = view.getUint16(at, LITTLE_ENDIAN);
    if (length < 4 || at + length > end) throw unreadable();
    if (view.getUint16(at + 2, LITTLE_ENDIAN) === INET_DIAG_INFO) return decodeInfo(view, at + 4, length - 4);
    at += (length + 3) & ~3;
  }
  return null;
}

/** Reads `length` bytes of struct tcp_info (linux/tcp.h); null when there are too few. */
export function decodeInfo(view: DataView, at: number, length: number): DiagTcpInfo | null {
  if (length < 8) return null;
  const u32 = (offset: number): number | null =>
    offset + 4 <= length ? view.getUint32(at + offset, LITTLE_ENDIAN) : null;
  const rttMicroseconds = u32(68);
  return {
    retransmits: view.getUint8(at + 2),
    unansweredProbes: view.getUint8(at + 3),
    unackedSegments: u32(24),
    rttMs: rttMicroseconds === null ? null : rttMicroseconds / 1000,
    lastDataSentMs: u32(44),
    lastDataReceivedMs: u32(52),
    lastAckReceivedMs: u32(56),
  };
}

function addressAt(view: DataView, at: number, family: 4 | 6): string {
  return family === 4 ? ipv4At(view, at) : formatIpv6(view, at);
}

function ipv4At(view: DataView, at: number): string {
  return `${view.getUint8(at)}.${view.getUint8(at + 1)}.${view.getUint8(at + 2)}.${view.getUint8(at + 3)}`;
}

/** The 16 bytes of an IPv6 address at `at` in the form of RFC 5952, IPv4-mapped ones as `::ffff:192.0.2.1`. */
export function formatIpv6(view: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(at + 2 * index));
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return `::ffff:${ipv4At(view, at + 12)}`;
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.length < 2) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}
