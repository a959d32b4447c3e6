/** The sockets in /proc/net/tcp and tcp6 as a list that can be read repeatedly, for where there is no sock_diag. */
import { TCP_STATES, type TcpState } from '../../base/tcp-state.ts';
import { cookieHalves, type KernelSocket, type SocketList } from '../kernel-socket.ts';
import { listProcNetTcp } from './proc-net-tcp.ts';

/**
 * Lists the network namespace of process `pid`, or kaprobe's own. Looks throw a CapabilityError where the files cannot be read. `numbered`: for those
 * who follow sockets from one look to the next; a number of its own stands in for the cookie, which is not shown there, and listeners, which have no
 * number, are left out. Else no socket can be found by its name.
 */
export function openProcNetTcp(pid: number | null, numbered: boolean, root = '/proc'): SocketList {
  const look = numbered ? numberedLook(pid, root) : () => listProcNetTcp(TCP_STATES, pid, root);
  return {
    each: ({ states, localPort = null, remotePort = null }, visit) => {
      const hosts = new Map<string, number>();
      const numberOf = (address: string): number => {
        const number = hosts.get(address) ?? hosts.size;
        hosts.set(address, number);
        return number;
      };
      for (const socket of look()) {
        const isMeant =
          states.includes(socket.state) &&
          (localPort ?? socket.localPort) === socket.localPort &&
          (remotePort ?? socket.remotePort) === socket.remotePort;
        if (!isMeant) continue;
        const [cookieLow, cookieHigh] = cookieHalves(socket.cookie);
        const [localHost, remoteHost] = [numberOf(socket.localAddress), numberOf(socket.remoteAddress)];
        visit({ ...socket, localHost, remoteHost, cookieLow, cookieHigh });
      }
      return true;
    },
    find: (names) => {
      const cookies = new Set(names.map(({ cookie }) => cookie));
      return names.length === 0 ? [] : look().filter(({ cookie }) => cookie !== null && cookies.has(cookie));
    },
    close: () => {},
  };
}

/** What is known of the socket with these ends. */
interface Known {
  cookie: string;
  state: TcpState;
  inode: number;
}

/** Reading them costs the kernel a walk through its whole table, however few sockets there are: who asks again at once gets the same. */
const SAME_LOOK_MS = 50;
const OPENING: readonly TcpState[] = ['syn-sent', 'syn-received'];
const CONNECTIONS = TCP_STATES.filter((state) => state !== 'listen');

function numberedLook(pid: number | null, root: string): () => KernelSocket[] {
  let known = new Map<string, Known>();
  let numbers = 0;
  let last: { sockets: KernelSocket[]; atMs: number } | null = null;
  return () => {
    if (last !== null && performance.now() - last.atMs < SAME_LOOK_MS) return last.sockets;
    const now = new Map<string, Known>();
    const sockets = listProcNetTcp(CONNECTIONS, pid, root).map((socket) => {
      const { localAddress, localPort, remoteAddress, remotePort, state, inode } = socket;
      const ends = `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
      const before = known.get(ends);
      const same = before === undefined || isAnother(before, socket) ? null : before;
      if (same === null) numbers += 1;
      const cookie = same?.cookie ?? numbers.toString(16);
      now.set(ends, { cookie, state, inode: inode === 0 ? (same?.inode ?? 0) : inode });
      return { ...socket, cookie };
    });
    known = now;
    last = { sockets, atMs: performance.now() };
    return sockets;
  };
}

/** Reports whether these ends belong to another connection by now. One without an inode waits to be accepted, or was closed by its process. */
function isAnother(before: Known, { state, inode }: Pick<KernelSocket, 'state' | 'inode'>): boolean {
  if (before.inode !== 0 && inode !== 0 && before.inode !== inode) return true;
  if (before.state === 'time-wait') return state !== 'time-wait';
  return OPENING.includes(state) && !OPENING.includes(before.state);
}
