/** All TCP sockets of a network namespace, from the kernel itself: NETLINK_SOCK_DIAG, sock_diag(7). Needs no rights. */
import { endianness } from 'node:os';
import { KernelError } from '../../base/errors.ts';
import { TCP_STATES } from '../../base/tcp-state.ts';
import { addressBytes } from '../addresses.ts';
import {
  cookieHalves,
  copyOfSocket,
  type KernelSocket,
  type SocketList,
  type SocketName,
  type SocketRequest,
} from '../kernel-socket.ts';
import type { Libc } from '../libc.ts';
import {
  AF_INET,
  answerReader,
  INET_DIAG_INFO,
  NLMSG_HEADER_BYTES,
  SOCK_DIAG_BY_FAMILY,
  TCPDIAG_GETSOCK,
} from './diag-message.ts';

const LITTLE_ENDIAN = endianness() === 'LE';
const AF_INET6 = 10;
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0o2000003;
const NETLINK_SOCK_DIAG = 4;
const NLM_F_REQUEST = 0x001;
const NLM_F_REQUEST_DUMP = 0x301;
const IPPROTO_TCP = 6;
const WITH_INFO = 1 << (INET_DIAG_INFO - 1);
/** With struct inet_diag_req, and with struct inet_diag_req_v2. */
const LIST_REQUEST_BYTES = NLMSG_HEADER_BYTES + 60;
const FIND_REQUEST_BYTES = NLMSG_HEADER_BYTES + 56;
/** netlink fills no more than 32 KiB at a time; a larger buffer would stay empty. */
const BUFFER_BYTES = 64 * 1024;
/** Their answers must have room in the socket's receive buffer, which has 212,992 bytes by default; each takes about 1300 there. */
const FIND_AT_ONCE = 64;
const MSG_DONTWAIT = 0x40;
const GONE = ['ENOENT', 'ESTALE'];

/**
 * Opens the list of the network namespace that the calling thread is in. Throws a KernelError, also when the list is read, where the kernel does not
 * answer (no CONFIG_INET_DIAG, a sandbox that forbids netlink). A socket bound to an interface is not found by its name, which lacks the interface.
 */
export function openSockDiag(libc: Libc): SocketList {
  const fd = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG);
  const buffer = new Uint8Array(BUFFER_BYTES);
  const requests = new WeakMap<SocketName, Uint8Array>();
  const requestFor = (name: SocketName): Uint8Array => {
    const request = requests.get(name) ?? findRequest(name);
    requests.set(name, request);
    return request;
  };
  return {
    each: (request, visit) => {
      const read = answerReader(buffer);
      let consistent = true;
      libc.send(fd, listRequest(request), 0);
      for (let done = false; !done; ) {
        const part = read(libc.receive(fd, buffer, 0), visit);
        consistent &&= part.consistent;
        done = part.done;
      }
      return consistent;
    },
    find: (names) => {
      const read = answerReader(buffer);
      const sockets: KernelSocket[] = [];
      for (let from = 0; from < names.length; from += FIND_AT_ONCE) {
        const some = names.slice(from, from + FIND_AT_ONCE).map(requestFor);
        libc.send(fd, Buffer.concat(some), 0);
        // The kernel has answered each by the time that send(2) returns.
        for (const _ of some) {
          const size = libc.receive(fd, buffer, MSG_DONTWAIT);
          unlessGone(() => read(size, (socket) => sockets.push(copyOfSocket(socket))));
        }
      }
      return sockets;
    },
    close: () => libc.close(fd),
  };
}

/** An answer may be that there is no socket of that number (any more). */
function unlessGone(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof KernelError && GONE.includes(error.errno))) throw error;
  }
}

function findRequest({ family, localAddress, localPort, remoteAddress, remotePort, cookie }: SocketName): Uint8Array {
  const bytes = new Uint8Array(FIND_REQUEST_BYTES);
  const view = headedView(bytes, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST);
  bytes[16] = family === 4 ? AF_INET : AF_INET6;
  bytes[17] = IPPROTO_TCP;
  bytes[18] = WITH_INFO;
  view.setUint32(20, 0xffff_ffff, LITTLE_ENDIAN);
  view.setUint16(24, localPort);
  view.setUint16(26, remotePort);
  bytes.set(addressBytes(localAddress), 28);
  bytes.set(addressBytes(remoteAddress), 44);
  new Uint32Array(bytes.buffer).set(cookieHalves(cookie), 16);
  return bytes;
}

function listRequest({ states, withInfo, localPort = 0, remotePort = 0 }: SocketRequest): Uint8Array {
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
