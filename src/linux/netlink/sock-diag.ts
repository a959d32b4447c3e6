/**
 * All TCP sockets of a network namespace, from the kernel itself: NETLINK_SOCK_DIAG, sock_diag(7). Needs no rights. Numbers and structs from
 * linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h; all but ports and addresses are in this machine's byte order.
 */
import { endianness } from 'node:os';
import { KernelError } from '../../base/errors.ts';
import { TCP_STATES, type TcpState } from '../../base/tcp-state.ts';
import { errnoName, loadLibc } from '../libc.ts';
import { copyOfInfo, type TcpInfo, TcpInfoView } from '../tcp-info.ts';

const LITTLE_ENDIAN = endianness() === 'LE';
export const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0o2000003;
const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
/** The older request for a list, which alone gives both families in one walk through the kernel's tables (inet_diag_dump_compat). */
const TCPDIAG_GETSOCK = 18;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST = 0x001;
const NLM_F_REQUEST_DUMP = 0x301;
/** The tables changed while they were read: sockets may be missing or appear twice. */
const NLM_F_DUMP_INTR = 0x10;
const IPPROTO_TCP = 6;
const INET_DIAG_INFO = 2;
const WITH_INFO = 1 << (INET_DIAG_INFO - 1);
const NLMSG_HEADER_BYTES = 16;
/** With struct inet_diag_req, and with struct inet_diag_req_v2. */
const LIST_REQUEST_BYTES = NLMSG_HEADER_BYTES + 60;
const FIND_REQUEST_BYTES = NLMSG_HEADER_BYTES + 56;
/** struct inet_diag_msg. */
const MESSAGE_BYTES = 72;
/** netlink fills no more than 32 KiB at a time; a larger buffer would stay empty. */
const BUFFER_BYTES = 64 * 1024;

/** Which timer of the kernel is running (idiag_timer): what the socket waits for. */
type SocketTimer =
  /** `keepalive` also stands for FIN-WAIT-2 and for the retransmission of SYN-ACKs. */
  { kind: 'retransmit' | 'keepalive' | 'time-wait' | 'window-probe'; expiresMs: number; retries: number } | null;

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
  info: TcpInfo | null;
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
  /** Shows each socket to `visit`, as a message that moves on to the next, and returns whether the tables stood still. */
  each(request: DiagRequest, visit: (message: DiagMessage) => void): boolean;
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
    const each = (request: DiagRequest, visit: (message: DiagMessage) => void): boolean => {
      const decode = decoderOf(buffer);
      let consistent = true;
      libc.send(fd, encodeRequest(request), 0);
      for (let done = false; !done; ) {
        const part = decode(libc.receive(fd, buffer, 0), visit);
        consistent &&= part.consistent;
        done = part.done;
      }
      return consistent;
    };
    return {
      each,
      list: (request) => {
        const sockets: DiagSocket[] = [];
        const consistent = each(request, (message) => sockets.push(diagSocketOf(message)));
        return { sockets, consistent };
      },
      find: (ids) => {
        const decode = decoderOf(buffer);
        const sockets: DiagSocket[] = [];
        for (let from = 0; from < ids.length; from += FIND_AT_ONCE) {
          const some = ids.slice(from, from + FIND_AT_ONCE);
          libc.send(fd, Buffer.concat(some), 0);
          // The kernel has answered each by the time that send(2) returns.
          for (const _ of some) {
            const size = libc.receive(fd, buffer, MSG_DONTWAIT);
            unlessGone(() => decode(size, (message) => sockets.push(diagSocketOf(message))));
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
  const bytes = new Uint8Array(FIND_REQUEST_BYTES);
  const view = headedView(bytes, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST);
  bytes[16] = socket.family === 4 ? AF_INET : AF_INET6;
  bytes[17] = IPPROTO_TCP;
  bytes[18] = WITH_INFO;
  view.setUint32(20, 0xffff_ffff, LITTLE_ENDIAN);
  view.setUint16(24, socket.localPort);
  view.setUint16(26, socket.remotePort);
  bytes.set(addressBytes(socket.localAddress), 28);
  bytes.set(addressBytes(socket.remoteAddress), 44);
  new Uint32Array(bytes.buffer).set(cookieWords(socket.cookie), 16);
  return bytes;
}

/** The number in what diagId() returned. */
export function cookieInId(id: Uint8Array): string {
  const view = new DataView(id.buffer, id.byteOffset, id.byteLength);
  return cookieOf(view.getUint32(64, LITTLE_ENDIAN), view.getUint32(68, LITTLE_ENDIAN));
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

function encodeRequest({ states, withInfo, localPort = 0, remotePort = 0 }: DiagRequest): Uint8Array {
  const bytes = new Uint8Array(LIST_REQUEST_BYTES);
  const view = headedView(bytes, TCPDIAG_GETSOCK, NLM_F_REQUEST_DUMP);
  bytes[19] = withInfo ? WITH_INFO : 0;
  view.setUint16(20, localPort);
  view.setUint16(22, remotePort);
  view.setUint32(
    68,
    states.reduce((mask, state) => mask | (1 << TCP_STATES.indexOf(state)), 0),
    LITTLE_ENDIAN,
  );
  return bytes;
}

/** Writes struct nlmsghdr. */
function headedView(bytes: Uint8Array, type: number, flags: number): DataView {
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.byteLength, LITTLE_ENDIAN);
  view.setUint16(4, type, LITTLE_ENDIAN);
  view.setUint16(6, flags, LITTLE_ENDIAN);
  return view;
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
  return decoderOf(aligned(bytes))(bytes.byteLength, (message) => sockets.push(diagSocketOf(message)));
}

/** A copy that can be read word by word to its end. */
function aligned(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array((bytes.byteLength + 3) & ~3);
  copy.set(bytes);
  return copy;
}

/** A reader of what is put into `buffer`, time and again: its first `size` bytes. */
function decoderOf(buffer: Uint8Array): (size: number, visit: (message: DiagMessage) => void) => AnswerPart {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const message = new DiagMessage(buffer);
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
      if (type === SOCK_DIAG_BY_FAMILY || type === TCPDIAG_GETSOCK) {
        if (length < NLMSG_HEADER_BYTES + MESSAGE_BYTES) throw unreadable();
        message.at = (at + NLMSG_HEADER_BYTES) >> 2;
        message.infoWords = 0;
        for (let next = at + NLMSG_HEADER_BYTES + MESSAGE_BYTES; next + 4 <= at + length; ) {
          const attributeLength = view.getUint16(next, LITTLE_ENDIAN);
          if (attributeLength < 4 || next + attributeLength > at + length) throw unreadable();
          if (view.getUint16(next + 2, LITTLE_ENDIAN) === INET_DIAG_INFO) {
            message.infoAt = (next + 4) >> 2;
            message.infoWords = (attributeLength - 4) >> 2;
            break;
          }
          next += (attributeLength + 3) & ~3;
        }
        visit(message);
      }
      at += (length + 3) & ~3;
    }
    return { done: false, consistent };
  };
}

function unreadable(): KernelError {
  return new KernelError('EBADMSG', 'list sockets by sock_diag');
}

/** The words of struct inet_diag_msg, behind the first two. */
export const WORD = {
  source: 2,
  destination: 6,
  cookieLow: 11,
  cookieHigh: 12,
  expires: 13,
  receiveQueue: 14,
  sendQueue: 15,
  uid: 16,
  inode: 17,
} as const;

/** The words of struct tcp_info, behind the first two. */
export const INFO_WORD = { unacked: 6, lastDataSent: 11, lastDataReceived: 13, lastAckReceived: 14 } as const;

/** The bytes of struct inet_diag_msg that are no part of a word; ports are in network byte order. */
export const BYTE = { family: 0, state: 1, timer: 2, retries: 3, sourcePort: 4, destinationPort: 6 } as const;
export const INFO_BYTE = { retransmits: 2, probes: 3 } as const;

/**
 * A socket as the kernel tells of it, read where it stands in the answer: what is to be kept must be copied. For a hundred thousand of them it is
 * the words that are read; the getters are for fewer.
 */
export class DiagMessage {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** Where struct inet_diag_msg begins, and struct tcp_info: which word. */
  at = 0;
  infoAt = 0;
  /** How many words there are of struct tcp_info; 0: it is not there. */
  infoWords = 0;

  /** `buffer` begins where a word may. */
  constructor(buffer: Uint8Array) {
    this.bytes = buffer;
    this.words = new Uint32Array(buffer.buffer, buffer.byteOffset, buffer.byteLength >> 2);
  }

  /** Its first bytes, one by one. */
  byte(offset: number): number {
    return this.bytes[4 * this.at + offset] ?? 0;
  }
  word(offset: number): number {
    return this.words[this.at + offset] ?? 0;
  }
  get family(): 4 | 6 {
    return this.byte(BYTE.family) === AF_INET ? 4 : 6;
  }
  get state(): TcpState {
    return TCP_STATES[this.byte(BYTE.state)] ?? 'unknown';
  }
  get localAddress(): string {
    return this.address(WORD.source);
  }
  get localPort(): number {
    return 256 * this.byte(BYTE.sourcePort) + this.byte(BYTE.sourcePort + 1);
  }
  get remoteAddress(): string {
    return this.address(WORD.destination);
  }
  get remotePort(): number {
    return 256 * this.byte(BYTE.destinationPort) + this.byte(BYTE.destinationPort + 1);
  }
  get cookie(): string | null {
    const [low, high] = [this.word(WORD.cookieLow), this.word(WORD.cookieHigh)];
    return (low & high) === -1 ? null : cookieOf(low, high);
  }
  /** Of WORD.source or WORD.destination, without brackets. */
  address(word: number): string {
    const { bytes } = this;
    const begin = 4 * (this.at + word);
    return this.family === 4
      ? bytes.subarray(begin, begin + 4).join('.')
      : formatIpv6(new DataView(bytes.buffer, bytes.byteOffset + begin, 16), 0);
  }
}

/** The kinds of timer by the kernel's number (idiag_timer). */
export const SOCKET_TIMERS = [null, 'retransmit', 'keepalive', 'time-wait', 'window-probe'] as const;

/** A socket of its own, to be kept. */
export function diagSocketOf(message: DiagMessage): DiagSocket {
  const timer = SOCKET_TIMERS[message.byte(BYTE.timer)] ?? null;
  return {
    family: message.family,
    state: message.state,
    localAddress: message.localAddress,
    localPort: message.localPort,
    remoteAddress: message.remoteAddress,
    remotePort: message.remotePort,
    timer:
      timer === null
        ? null
        : { kind: timer, expiresMs: message.word(WORD.expires), retries: message.byte(BYTE.retries) },
    uid: message.word(WORD.uid),
    inode: message.word(WORD.inode),
    cookie: message.cookie,
    receiveQueue: message.word(WORD.receiveQueue),
    sendQueue: message.word(WORD.sendQueue),
    info: infoOf(message),
  };
}

function infoOf({ bytes, infoAt, infoWords }: DiagMessage): TcpInfo | null {
  return infoWords < 2 ? null : copyOfInfo(new TcpInfoView(bytes.subarray(4 * infoAt, 4 * (infoAt + infoWords))));
}

/** A socket that the kernel has told of in another way, as sock_diag would: without what it does not know. The reverse of diagSocketOf(). */
export function messageOf(socket: DiagSocket): DiagMessage {
  const { timer, info } = socket;
  const message = new DiagMessage(new Uint8Array(MESSAGE_BYTES + 8));
  const { bytes, words } = message;
  bytes[BYTE.family] = socket.family === 4 ? AF_INET : AF_INET6;
  bytes[BYTE.state] = TCP_STATES.indexOf(socket.state);
  bytes[BYTE.timer] = SOCKET_TIMERS.indexOf(timer?.kind ?? null);
  bytes[BYTE.retries] = timer?.retries ?? 0;
  new DataView(bytes.buffer).setUint16(BYTE.sourcePort, socket.localPort);
  new DataView(bytes.buffer).setUint16(BYTE.destinationPort, socket.remotePort);
  bytes.set(addressBytes(socket.localAddress), 4 * WORD.source);
  bytes.set(addressBytes(socket.remoteAddress), 4 * WORD.destination);
  words.set(cookieWords(socket.cookie), WORD.cookieLow);
  words[WORD.expires] = timer?.expiresMs ?? 0;
  words[WORD.receiveQueue] = socket.receiveQueue;
  words[WORD.sendQueue] = socket.sendQueue;
  words[WORD.uid] = socket.uid;
  words[WORD.inode] = socket.inode;
  if (info !== null) {
    message.infoAt = MESSAGE_BYTES >> 2;
    message.infoWords = 2;
    bytes[MESSAGE_BYTES + INFO_BYTE.retransmits] = info.retransmits;
    bytes[MESSAGE_BYTES + INFO_BYTE.probes] = info.unansweredProbes;
  }
  return message;
}

/** The two halves of a cookie, the lower first; without one those of INET_DIAG_NOCOOKIE, which stands for any. */
function cookieWords(cookie: string | null): [low: number, high: number] {
  const number = BigInt(`0x${cookie ?? 'ffffffffffffffff'}`);
  return [Number(number & 0xffff_ffffn), Number(number >> 32n)];
}

/** A socket cookie of two 32-bit halves, the lower first, as SO_COOKIE and sock_diag give it. */
export function cookieOf(low: number, high: number): string {
  return high === 0 ? low.toString(16) : `${high.toString(16)}${low.toString(16).padStart(8, '0')}`;
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
