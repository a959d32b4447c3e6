import { TCP_STATES, type TcpState } from '../../base/tcp-state.ts';
import type { Report } from '../../report/report.ts';
import { SOCKET_RISKS, type SocketRisk } from '../../sockets/live-socket.ts';
import { ask, COMMON, flag, listOf, middleboxes, number, object, oneOf, type Reader, text } from '../shared/library.ts';
import type { GivenMiddlebox, LibraryOptions } from '../shared/library-types.ts';
import { HIGHEST_PID } from '../shared/options.ts';
import { readSelection } from '../shared/socket-selection.ts';
import { listSockets } from './list-sockets.ts';
import type { SocketsData } from './report.ts';
import { SOCKET_ORDERS } from './socket-summary.ts';

/** What may be given to `sockets`. Each list means any of its values, and all lists together. */
export interface SocketsOptions extends LibraryOptions {
  /** The far end: host, host:port, :port, [v6]:port or 10.0.0.0/8. */
  remote?: readonly string[];
  /** This end, written likewise. */
  local?: readonly string[];
  /** The port of either end. */
  ports?: readonly number[];
  /** The processes that hold the socket. */
  pids?: readonly number[];
  /** Texts in the name of a process that holds it. */
  commands?: readonly string[];
  /** Default: those of connections. */
  states?: readonly TcpState[];
  /** Default: all. */
  risks?: readonly SocketRisk[];
  /** Those that listen, in place of connections. Default: false. */
  listening?: boolean;
  /** Default: none. */
  middleboxes?: readonly GivenMiddlebox[];
  /** Whether to judge connections within this host too. Default: false. */
  loopback?: boolean;
  /** Whether to look for the processes; without them options are known from timers only. Default: true. */
  owners?: boolean;
  /** Whether to ask the far ends of idle connections whether they still answer, which may send probes. Default: false. */
  verify?: boolean;
  /** The process whose network namespace is looked into. Default: that of `pids`, else this one's. */
  netns?: number;
  /** The order of the list. Default: `risk`. */
  sort?: 'risk' | 'silence' | 'remote' | 'local' | 'command' | 'pid' | 'state';
  /** List no more than these; all are counted. Default: all. */
  limit?: number;
}

const pid = number({ min: 1, max: HIGHEST_PID, step: 1 });

const options = object({
  ...COMMON,
  remote: listOf(text),
  local: listOf(text),
  ports: listOf(number({ min: 1, max: 65_535, step: 1 })),
  pids: listOf(pid),
  commands: listOf(text),
  states: listOf(oneOf(TCP_STATES.filter((state) => state !== 'unknown'))),
  risks: listOf(oneOf(SOCKET_RISKS)),
  listening: flag,
  middleboxes,
  loopback: flag,
  owners: flag,
  verify: flag,
  netns: pid,
  sort: oneOf(SOCKET_ORDERS),
  limit: number({ min: 0, max: 10_000_000, step: 1 }),
} satisfies Record<keyof SocketsOptions, Reader<unknown>>);

/**
 * Lists every live TCP socket that is meant: who holds it, its effective keepalive, its age of silence, and what becomes of it behind the
 * middleboxes given. Rejects with a UsageError for options that cannot be meant.
 */
export async function sockets(given: SocketsOptions = {}): Promise<Report<SocketsData, 'sockets'>> {
  const read = options(given, 'sockets');
  const { remote = [], local = [], ports = [], pids = [], commands = [], states = [], risks = [] } = read;
  const { loopback: judgeLocal = false, owners = true, verify = false, netns = null, limit = null } = read;
  return ask('sockets', read, async (context) => {
    const wish = { remote, local, port: ports.map(String), pid: pids.map(String), command: commands };
    const kinds = { state: states, risk: risks, ...(read.listening === true ? { listening: true as const } : {}) };
    const selection = await readSelection({ ...wish, ...kinds }, { signal: context.signal });
    const how = { middleboxes: read.middleboxes ?? [], judgeLocal, owners, verify, netns, order: read.sort ?? 'risk' };
    return listSockets({ ...selection, ...how, limit }, context);
  });
}
