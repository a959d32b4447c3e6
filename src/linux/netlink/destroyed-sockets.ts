/**
 * TCP sockets at the moment when the kernel frees them: the multicast groups SKNLGRP_INET_TCP_DESTROY and SKNLGRP_INET6_TCP_DESTROY of
 * NETLINK_SOCK_DIAG (linux/sock_diag.h, since Linux 4.2). Needs no rights. They come without owner and inode: whose they were cannot be told.
 */
import { endianness } from 'node:os';
import { KernelError } from '../../base/errors.ts';
import { copyOfSocket, type KernelSocket } from '../kernel-socket.ts';
import type { Libc } from '../libc.ts';
import { answerReader } from './diag-message.ts';

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0o2000003;
const NETLINK_SOCK_DIAG = 4;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const SKNLGRP_INET_TCP_DESTROY = 1;
const SKNLGRP_INET6_TCP_DESTROY = 3;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
/** The same beyond net.core.rmem_max; asks for CAP_NET_ADMIN (socket(7)). */
const SO_RCVBUFFORCE = 33;
/** Each waiting message takes 1280 bytes of it. Without rights it is what net.core.rmem_max admits. */
const BUFFER_BYTES = 4 << 20;
const MSG_DONTWAIT = 0x40;
/** Longer than any of these messages. */
const MESSAGE_BYTES = 4096;
/** More at once would keep the caller from its other work; the next call gets the rest. */
const MOST_AT_ONCE = 10_000;

/** What was freed since the last call. */
interface Destroyed {
  sockets: KernelSocket[];
  /** There were more than the kernel kept. */
  lost: boolean;
}

/** Hears of sockets that are freed, from when it was opened. */
export interface DestroyedSockets {
  /** What was freed since the last call. */
  take(): Destroyed;
  close(): void;
}

/** Listens in the network namespace of the calling thread. Throws a KernelError where the kernel does not tell. */
export function listenForDestroyed(libc: Libc): DestroyedSockets {
  const fd = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG);
  try {
    // Multicasts do not reach a socket without an address, and connecting gives it one.
    const kernel = new Uint8Array(12);
    new DataView(kernel.buffer).setUint16(0, AF_NETLINK, endianness() === 'LE');
    libc.connect(fd, kernel);
    enlarge(libc, fd);
    for (const group of [SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY]) {
      libc.setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
    }
  } catch (error) {
    libc.close(fd);
    throw error;
  }
  return { take: () => takeAll(libc, fd), close: () => libc.close(fd) };
}

function enlarge(libc: Libc, fd: number): void {
  try {
    libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES);
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
  }
}

function takeAll(libc: Libc, fd: number): Destroyed {
  const bytes = new Uint8Array(MESSAGE_BYTES);
  const read = answerReader(bytes);
  const sockets: KernelSocket[] = [];
  let lost = false;
  for (let count = 0; count < MOST_AT_ONCE; count += 1) {
    try {
      read(libc.receive(fd, bytes, MSG_DONTWAIT), (socket) => sockets.push(copyOfSocket(socket)));
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      if (error.errno !== 'ENOBUFS') return { sockets, lost: lost || error.errno !== 'EAGAIN' };
      lost = true;
    }
  }
  return { sockets, lost };
}
