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
const NLM_F_REQUEST = 0x001;
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
type SocketTimer =
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

/**
 * The same without objects inside, for those who look at a hundred thousand: one such object is filled anew for each socket, so whatever is to
 * be kept must be copied. null in the timer: none runs. null from `retransmits` on: there is no TCP_INFO, or it ends before the field.
 */
export interface SocketEntry extends Omit<DiagSocket, 'timer' | 'info'> {
  timer: NonNullable<SocketTimer>['kind'] | null;
  /** The cookie's two halves; both all ones: null. */
  cookieLow: number;
  cookieHigh: number;
  /** Until it fires; 0 when none runs. */
  timerExpiresMs: number;
  timerRetries: number;
  retransmits: number | null;
  unansweredProbes: number | null;
  unackedSegments: number | null;
  rttMs: number | null;
  lastDataSentMs: number | null;
  lastDataReceivedMs: number | null;
  lastAckReceivedMs: number | null;
}

interface SocketDump {
  sockets: DiagSocket[];
  /** Whether the tables stood still while they were read; if not, sockets may be missing or twice there. */
  consistent: boolean;
}

/** What to list. */
export interface DiagRequest {
  states: readonly TcpState[];
  /** Whether to ask for TCP_INFO too, which makes the answer five times as long. */
  withInfo: boolean;
  /** Only those with this port; left out: with any. The kernel itself leaves out the others. */
  localPort?: number;
  remotePort?: number;
}

/** An open NETLINK_SOCK_DIAG socket; it belongs to the network namespace that it was opened in. */
export interface SockDiag {
  /**
   * Lists the TCP sockets, IPv4 and IPv6. Throws a KernelError where the kernel does not answer (no CONFIG_INET_DIAG, a sandbox that forbids
   * netlink).
   */
  list(request: DiagRequest): SocketDump;
  /** Shows each socket to `visit`, in an object that is used again, and returns whether the tables stood still. */
  each(request: DiagRequest, visit: (entry: SocketEntry) => void): boolean;
  /** Looks at single sockets, each as diagId() names it, with TCP_INFO: what that costs does not grow with the number of others. Those that are gone are left out. */
  find(ids: readonly Uint8Array[]): DiagSocket[];
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
    const each = (request: DiagRequest, visit: (entry: SocketEntry) => void): boolean => {
      const decode = entryDecoder(buffer);
      let consistent = true;
      for (const family of [4, 6] as const) {
        libc.send(fd, encodeRequest(family, request), 0);
        for (let done = false; !done; ) {
          const part = decode(libc.receive(fd, buffer, 0), visit);
          consistent &&= part.consistent;
          done = part.done;
        }
      }
      return consistent;
    };
    return {
      each,
      list: (request) => {
        const sockets: DiagSocket[] = [];
        const consistent = each(request, (entry) => sockets.push(diagSocketOf(entry)));
        return { sockets, consistent };
      },
      find: (ids) => {
        const decode = entryDecoder(buffer);
        const sockets: DiagSocket[] = [];
        for (let from = 0; from < ids.length; from += FIND_AT_ONCE) {
          const some = ids.slice(from, from + FIND_AT_ONCE);
          libc.send(fd, Buffer.concat(some), 0);
          // The kernel has answered each by the time that send(2) returns.
          for (const _ of some) {
            const size = libc.receive(fd, buffer, MSG_DONTWAIT);
            unlessGone(() => decode(size, (entry) => sockets.push(diagSocketOf(entry))));
          }
        }
        return sockets;
      },
      close: () => libc.close(fd),
    };
  };
}

/** Their answers must have room in the socket's receive buffer, which has 212,992 bytes by default; each takes about 1300 there. */
const FIND_AT_ONCE = 64;
const MSG_DONTWAIT = 0x40;
const GONE = ['ENOENT', 'ESTALE'];

/** An answer may be that there is no socket of that number (any more). */
function unlessGone(decode: () => void): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof KernelError && GONE.includes(error.errno))) throw error;
  }
}

/**
 * The request for one socket: its ends, and the number that tells it from a later one with the same ends. A socket bound to an interface is not found
 * by it, since the interface is missing.
 */
export function diagId(socket: DiagSocket): Uint8Array {
  const { localPort, remotePort } = socket;
  const bytes = encodeRequest(socket.family, { states: [], withInfo: true, localPort, remotePort });
  const view = new DataView(bytes.buffer);
  view.setUint16(6, NLM_F_REQUEST, LITTLE_ENDIAN);
  view.setUint32(20, 0xffff_ffff, LITTLE_ENDIAN);
  bytes.set(addressBytes(socket.localAddress), 28);
  bytes.set(addressBytes(socket.remoteAddress), 44);
  const cookie = BigInt(`0x${socket.cookie ?? 'ffffffffffffffff'}`); // INET_DIAG_NOCOOKIE: any
  view.setUint32(64, Number(cookie & 0xffff_ffffn), LITTLE_ENDIAN);
  view.setUint32(68, Number(cookie >> 32n), LITTLE_ENDIAN);
  return bytes;
}

/** Four bytes of IPv4, sixteen of IPv6, of an address as addressAt() writes it. */
function addressBytes(text: string): number[] {
  const dotted = /\d+\.\d+\.\d+\.\d+$/.exec(text)?.[0].split('.').map(Number);
  if (dotted !== undefined)
    return text.includes(':') ? [...new Array<number>(10).fill(0), 255, 255, ...dotted] : dotted;
  const [left = [], right = []] = text
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16))));
  const zeros = new Array<number>(8 - left.length - right.length).fill(0);
  return [...left, ...zeros, ...right].flatMap((group) => [group >> 8, group & 255]);
}

/** A dump request: struct nlmsghdr and struct inet_diag_req_v2. */
function encodeRequest(family: 4 | 6, { states, withInfo, localPort = 0, remotePort = 0 }: DiagRequest): Uint8Array {
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
  view.setUint16(24, localPort);
  view.setUint16(26, remotePort);
  return bytes;
}

/** What one part of an answer says besides its sockets. */
interface AnswerPart {
  done: boolean;
  consistent: boolean;
}

/**
 * Reads one part of the answer and adds its sockets to `sockets`. Throws a KernelError when the kernel says that something is wrong, or when
 * what it says cannot be read.
 */
export function decodeAnswer(bytes: Uint8Array, sockets: DiagSocket[]): AnswerPart {
  return entryDecoder(bytes)(bytes.byteLength, (entry) => sockets.push(diagSocketOf(entry)));
}

/** A reader of what is put into `buffer`, time and again: its first `size` bytes. It keeps the texts of addresses, which come many times. */
function entryDecoder(buffer: Uint8Array): (size: number, visit: (entry: SocketEntry) => void) => AnswerPart {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const entry = emptyEntry();
  const addresses = new Map<number, string>();
  return (size, visit) => {
    let consistent = true;
    for (let at = 0; at < size; ) {
      const length = at + NLMSG_HEADER_BYTES <= size ? view.getUint32(at, LITTLE_ENDIAN) : 0;
      if (length < NLMSG_HEADER_BYTES || at + length > size) throw unreadable();
      const type = view.getUint16(at + 4, LITTLE_ENDIAN);
      if (view.getUint16(at + 6, LITTLE_ENDIAN) & NLM_F_DUMP_INTR) consistent = false;
      if (type === NLMSG_DONE || type === NLMSG_ERROR) {
        const error = length >= NLMSG_HEADER_BYTES + 4 ? view.getInt32(at + NLMSG_HEADER_BYTES, LITTLE_ENDIAN) : 0;
        if (error < 0) throw new KernelError(errnoName(-error), 'list sockets by sock_diag');
        return { done: true, consistent };
      }
      if (type === SOCK_DIAG_BY_FAMILY) {
        if (length < NLMSG_HEADER_BYTES + MESSAGE_BYTES) throw unreadable();
        decodeMessage(view, at + NLMSG_HEADER_BYTES, entry, addresses);
        decodeAttributes(view, at + NLMSG_HEADER_BYTES + MESSAGE_BYTES, at + length, entry);
        visit(entry);
      }
      at += (length + 3) & ~3;
    }
    return { done: false, consistent };
  };
}

function unreadable(): KernelError {
  return new KernelError('EBADMSG', 'list sockets by sock_diag');
}

function emptyEntry(): SocketEntry {
  return {
    family: 4,
    state: 'unknown',
    localAddress: '',
    localPort: 0,
    remoteAddress: '',
    remotePort: 0,
    timer: null,
    timerExpiresMs: 0,
    timerRetries: 0,
    uid: 0,
    inode: 0,
    cookieLow: 0xffff_ffff,
    cookieHigh: 0xffff_ffff,
    get cookie() {
      const { cookieLow, cookieHigh } = this;
      return (cookieLow & cookieHigh) === -1 ? null : cookieOf(cookieLow, cookieHigh);
    },
    receiveQueue: 0,
    sendQueue: 0,
    retransmits: null,
    unansweredProbes: null,
    unackedSegments: null,
    rttMs: null,
    lastDataSentMs: null,
    lastDataReceivedMs: null,
    lastAckReceivedMs: null,
  };
}

/** A socket of its own, to be kept. */
export function diagSocketOf(entry: SocketEntry): DiagSocket {
  const { timer, timerExpiresMs, timerRetries, retransmits, unansweredProbes } = entry;
  return {
    family: entry.family,
    state: entry.state,
    localAddress: entry.localAddress,
    localPort: entry.localPort,
    remoteAddress: entry.remoteAddress,
    remotePort: entry.remotePort,
    timer: timer === null ? null : { kind: timer, expiresMs: timerExpiresMs, retries: timerRetries },
    uid: entry.uid,
    inode: entry.inode,
    cookie: entry.cookie,
    receiveQueue: entry.receiveQueue,
    sendQueue: entry.sendQueue,
    info:
      retransmits === null || unansweredProbes === null
        ? null
        : {
            retransmits,
            unansweredProbes,
            unackedSegments: entry.unackedSegments,
            rttMs: entry.rttMs,
            lastDataSentMs: entry.lastDataSentMs,
            lastDataReceivedMs: entry.lastDataReceivedMs,
            lastAckReceivedMs: entry.lastAckReceivedMs,
          },
  };
}

/** The reverse of diagSocketOf(). */
export function entryOf({ timer, info, ...rest }: DiagSocket): SocketEntry {
  const cookie = BigInt(`0x${rest.cookie ?? 'ffffffffffffffff'}`);
  return {
    ...emptyEntry(),
    ...rest,
    cookieLow: Number(cookie & 0xffff_ffffn),
    cookieHigh: Number(cookie >> 32n),
    ...(timer === null ? {} : { timer: timer.kind, timerExpiresMs: timer.expiresMs, timerRetries: timer.retries }),
    ...info,
  };
}

/** The kinds of timer by the kernel's number (idiag_timer). */
export const SOCKET_TIMERS = [null, 'retransmit', 'keepalive', 'time-wait', 'window-probe'] as const;

/** Reads struct inet_diag_msg. */
function decodeMessage(view: DataView, at: number, entry: SocketEntry, addresses: Map<number, string>): void {
  const family = view.getUint8(at) === AF_INET ? 4 : 6;
  const timer = SOCKET_TIMERS[view.getUint8(at + 2)] ?? null;
  entry.family = family;
  entry.state = TCP_STATES[view.getUint8(at + 1)] ?? 'unknown';
  entry.localAddress = addressAt(view, at + 8, family, addresses);
  entry.localPort = view.getUint16(at + 4);
  entry.remoteAddress = addressAt(view, at + 24, family, addresses);
  entry.remotePort = view.getUint16(at + 6);
  entry.timer = timer;
  entry.timerExpiresMs = timer === null ? 0 : view.getUint32(at + 52, LITTLE_ENDIAN);
  entry.timerRetries = timer === null ? 0 : view.getUint8(at + 3);
  entry.uid = view.getUint32(at + 64, LITTLE_ENDIAN);
  entry.inode = view.getUint32(at + 68, LITTLE_ENDIAN);
  entry.cookieLow = view.getUint32(at + 44, LITTLE_ENDIAN);
  entry.cookieHigh = view.getUint32(at + 48, LITTLE_ENDIAN);
  entry.receiveQueue = view.getUint32(at + 56, LITTLE_ENDIAN);
  entry.sendQueue = view.getUint32(at + 60, LITTLE_ENDIAN);
}

/** A socket cookie of two 32-bit halves, the lower first, as SO_COOKIE and sock_diag give it. */
export function cookieOf(low: number, high: number): string {
  return high === 0 ? low.toString(16) : `${high.toString(16)}${low.toString(16).padStart(8, '0')}`;
}

/** Looks through the attributes for INET_DIAG_INFO and reads the struct tcp_info in it. */
function decodeAttributes(view: DataView, from: number, end: number, entry: SocketEntry): void {
  for (let at = from; at + 4 <= end; ) {
    const length = view.getUint16(at, LITTLE_ENDIAN);
    if (length < 4 || at + length > end) throw unreadable();
    if (view.getUint16(at + 2, LITTLE_ENDIAN) === INET_DIAG_INFO) {
      readInfo(view, at + 4, length - 4, entry);
      return;
    }
    at += (length + 3) & ~3;
  }
  readInfo(view, 0, 0, entry);
}

/** Reads `length` bytes of struct tcp_info (linux/tcp.h); null when there are too few. */
export function decodeInfo(view: DataView, at: number, length: number): DiagTcpInfo | null {
  const entry = emptyEntry();
  readInfo(view, at, length, entry);
  return diagSocketOf(entry).info;
}

function readInfo(view: DataView, at: number, length: number, entry: SocketEntry): void {
  entry.retransmits = length < 8 ? null : view.getUint8(at + 2);
  entry.unansweredProbes = length < 8 ? null : view.getUint8(at + 3);
  entry.unackedSegments = length < 28 ? null : view.getUint32(at + 24, LITTLE_ENDIAN);
  entry.lastDataSentMs = length < 48 ? null : view.getUint32(at + 44, LITTLE_ENDIAN);
  entry.lastDataReceivedMs = length < 56 ? null : view.getUint32(at + 52, LITTLE_ENDIAN);
  entry.lastAckReceivedMs = length < 60 ? null : view.getUint32(at + 56, LITTLE_ENDIAN);
  entry.rttMs = length < 72 ? null : view.getUint32(at + 68, LITTLE_ENDIAN) / 1000;
}

function addressAt(view: DataView, at: number, family: 4 | 6, addresses: Map<number, string>): string {
  if (family === 6) return formatIpv6(view, at);
  const number = view.getUint32(at);
  let text = addresses.get(number);
  if (text === undefined) {
    text = ipv4At(view, at);
    addresses.set(number, text);
  }
  return text;
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
