/**
 * The answers of NETLINK_SOCK_DIAG, sock_diag(7). Numbers and structs from linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h; all but
 * ports and addresses are in this machine's byte order.
 */
import { KernelError } from '../../base/errors.ts';
import { TCP_STATES, TCP_TIMERS, type TcpState, type TcpTimer } from '../../base/tcp-state.ts';
import { AddressBook } from '../addresses.ts';
import { cookieOrNull, type ListedSocket } from '../kernel-socket.ts';
import { errnoName } from '../libc.ts';
import { StructView } from '../struct-view.ts';
import { TcpInfoView } from '../tcp-info.ts';

export const SOCK_DIAG_BY_FAMILY = 20;
/** The older request for a list, which alone gives both families in one walk through the kernel's tables (inet_diag_dump_compat). */
export const TCPDIAG_GETSOCK = 18;
export const INET_DIAG_INFO = 2;
export const AF_INET = 2;
/** struct nlmsghdr. */
export const NLMSG_HEADER_BYTES = 16;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
/** The tables changed while they were read: sockets may be missing or appear twice. */
const NLM_F_DUMP_INTR = 0x10;
/** struct inet_diag_msg. */
const MESSAGE_BYTES = 72;
/** As much of struct tcp_info as says anything; what is shorter is taken for none. */
const LEAST_INFO_BYTES = 8;

/** Where the members stand in struct inet_diag_msg. */
const OFFSET = {
  family: 0,
  state: 1,
  timer: 2,
  sourcePort: 4,
  destinationPort: 6,
  source: 8,
  destination: 24,
  cookieLow: 44,
  cookieHigh: 48,
  expires: 52,
  uid: 64,
  inode: 68,
} as const;

/** A socket as the kernel tells of it, read where it stands in the answer: what is to be kept must be copied. */
class DiagMessage extends StructView implements Readonly<ListedSocket> {
  private readonly book = new AddressBook();
  private readonly infoView: TcpInfoView;
  info: TcpInfoView | null = null;

  constructor(buffer: Uint8Array) {
    super(buffer);
    this.infoView = new TcpInfoView(buffer);
  }

  /** Moves on to the message there, with no TCP_INFO yet. */
  stepTo(begin: number): void {
    this.moveTo(begin, MESSAGE_BYTES);
    this.info = null;
  }
  foundInfo(begin: number, size: number): void {
    if (size < LEAST_INFO_BYTES) return;
    this.infoView.moveTo(begin, size);
    this.info = this.infoView;
  }

  get family(): 4 | 6 {
    return this.u8(OFFSET.family) === AF_INET ? 4 : 6;
  }
  get state(): TcpState {
    return TCP_STATES[this.u8(OFFSET.state)] ?? 'unknown';
  }
  get localHost(): number {
    return this.book.numberAt(this, OFFSET.source, this.family);
  }
  get remoteHost(): number {
    return this.book.numberAt(this, OFFSET.destination, this.family);
  }
  get localAddress(): string {
    return this.book.texts[this.localHost] ?? '';
  }
  get localPort(): number {
    return this.networkU16(OFFSET.sourcePort);
  }
  get remoteAddress(): string {
    return this.book.texts[this.remoteHost] ?? '';
  }
  get remotePort(): number {
    return this.networkU16(OFFSET.destinationPort);
  }
  get timer(): TcpTimer | null {
    return TCP_TIMERS[this.u8(OFFSET.timer)] ?? null;
  }
  get expiresMs(): number {
    return this.timer === null ? 0 : this.u32(OFFSET.expires);
  }
  get uid(): number {
    return this.u32(OFFSET.uid);
  }
  get inode(): number {
    return this.u32(OFFSET.inode);
  }
  get cookieLow(): number {
    return this.u32(OFFSET.cookieLow);
  }
  get cookieHigh(): number {
    return this.u32(OFFSET.cookieHigh);
  }
  get cookie(): string | null {
    return cookieOrNull(this.cookieLow, this.cookieHigh);
  }
}

/** What one part of an answer says besides its sockets. */
interface AnswerPart {
  done: boolean;
  consistent: boolean;
}

/**
 * A reader of what is put into `buffer`, each time its first `size` bytes: it shows the sockets to `visit`. Throws a KernelError when the kernel
 * says that something is wrong, or when what it says cannot be read.
 */
export function answerReader(
  buffer: Uint8Array,
): (size: number, visit: (socket: Readonly<ListedSocket>) => void) => AnswerPart {
  const bytes = new StructView(buffer);
  const message = new DiagMessage(buffer);
  return (size, visit) => {
    bytes.moveTo(0, size);
    let consistent = true;
    for (let at = 0; at < size; ) {
      const length = bytes.u32(at);
      if (length < NLMSG_HEADER_BYTES || at + length > size) throw unreadable();
      const type = bytes.u16(at + 4);
      if (bytes.u16(at + 6) & NLM_F_DUMP_INTR) consistent = false;
      if (type === NLMSG_DONE || type === NLMSG_ERROR) {
        const error = length >= NLMSG_HEADER_BYTES + 4 ? bytes.u32(at + NLMSG_HEADER_BYTES) | 0 : 0;
        if (error < 0) throw new KernelError(errnoName(-error), 'list sockets by sock_diag');
        return { done: true, consistent };
      }
      if (type === SOCK_DIAG_BY_FAMILY || type === TCPDIAG_GETSOCK) {
        if (length < NLMSG_HEADER_BYTES + MESSAGE_BYTES) throw unreadable();
        message.stepTo(at + NLMSG_HEADER_BYTES);
        findInfo(bytes, message, at + NLMSG_HEADER_BYTES + MESSAGE_BYTES, at + length);
        visit(message);
      }
      at += (length + 3) & ~3;
    }
    return { done: false, consistent };
  };
}

/** Looks for TCP_INFO among the attributes (struct nlattr) between two places. */
function findInfo(bytes: StructView, message: DiagMessage, from: number, end: number): void {
  for (let at = from; at + 4 <= end; ) {
    const length = bytes.u16(at);
    if (length < 4 || at + length > end) throw unreadable();
    if (bytes.u16(at + 2) === INET_DIAG_INFO) {
      message.foundInfo(at + 4, length - 4);
      return;
    }
    at += (length + 3) & ~3;
  }
}

function unreadable(): KernelError {
  return new KernelError('EBADMSG', 'list sockets by sock_diag');
}
