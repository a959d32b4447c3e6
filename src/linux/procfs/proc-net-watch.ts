/**
 * The sockets in /proc/net/tcp and tcp6, for those who look at them time and again where there is no sock_diag: each look reads all of them,
 * and a number of its own stands in for the cookie, which is not shown there.
 */
import { TCP_STATES, type TcpState } from '../../base/tcp-state.ts';
import { cookieInId, type DiagSocket, messageOf, type SockDiag } from '../netlink/sock-diag.ts';
import { listProcNetTcp } from './proc-net-tcp.ts';

/** What is known of the socket with these ends. */
interface Known {
  cookie: string;
  state: TcpState;
  inode: number;
}

/** Reading them costs the kernel a walk through its whole table, however few sockets there are: who asks again at once gets the same. */
const SAME_LOOK_MS = 50;
const OPENING: readonly TcpState[] = ['syn-sent', 'syn-received'];
const STATES = TCP_STATES.filter((state) => state !== 'listen');

/** Of the network namespace of process `pid`, or of kaprobe's own. Looks throw a CapabilityError where the files cannot be read. */
export function watchProcNetTcp(pid: number | null, root = '/proc'): Pick<SockDiag, 'each' | 'find' | 'close'> {
  let known = new Map<string, Known>();
  let numbers = 0;
  let last: { sockets: DiagSocket[]; atMs: number } | null = null;
  const look = (): DiagSocket[] => {
    if (last !== null && performance.now() - last.atMs < SAME_LOOK_MS) return last.sockets;
    const now = new Map<string, Known>();
    const sockets = listProcNetTcp(STATES, pid, root).map((socket) => {
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
  return {
    each: ({ states, localPort = null, remotePort = null }, visit) => {
      for (const socket of look()) {
        const isMeant =
          states.includes(socket.state) &&
          (localPort ?? socket.localPort) === socket.localPort &&
          (remotePort ?? socket.remotePort) === socket.remotePort;
        if (isMeant) visit(messageOf(socket));
      }
      return true;
    },
    find: (ids) => {
      const cookies = new Set(ids.map(cookieInId));
      return ids.length === 0 ? [] : look().filter(({ cookie }) => cookie !== null && cookies.has(cookie));
    },
    close: () => {},
  };
}

/** Reports whether these ends belong to another connection by now. One without an inode waits to be accepted, or was closed by its process. */
function isAnother(before: Known, { state, inode }: Pick<DiagSocket, 'state' | 'inode'>): boolean {
  if (before.inode !== 0 && inode !== 0 && before.inode !== inode) return true;
  if (before.state === 'time-wait') return state !== 'time-wait';
  return OPENING.includes(state) && !OPENING.includes(before.state);
}
