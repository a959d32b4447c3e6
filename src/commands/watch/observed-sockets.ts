/** The sockets of other processes that a watch means: found, told from others', and asked again. */
import { endpoint } from '../../base/endpoint.ts';
import { KernelError } from '../../base/errors.ts';
import { CONNECTION_STATES, type TcpState } from '../../base/tcp-state.ts';
import { withForeignSocket } from '../../linux/foreign-socket.ts';
import { copyOfSocket, type KernelSocket, type SocketName, type SocketRequest } from '../../linux/kernel-socket.ts';
import type { Libc } from '../../linux/libc.ts';
import {
  commandOf,
  listPids,
  type SocketHolder,
  scanSocketHolders,
  startTimeOf,
} from '../../linux/procfs/socket-holders.ts';
import { readKeepalive } from '../../linux/socket-options.ts';
import { matchesEnds, type SocketFilter } from '../../sockets/socket-filter.ts';
import type { OpenedSocketList } from '../../sockets/socket-list.ts';
import type { WatchedConnections } from './decide-events.ts';
import type { WatchOwner } from './report.ts';
import type { EndCounters } from './reset-evidence.ts';

/** Which processes have a name that was asked for is looked up again after this time: new ones may have come. */
const COMMANDS_EVERY_MS = 5000;

/** The share of one core that the listing of all sockets may take, and the longest that new ones may wait for it. */
const LISTING_SHARE = 0.01;
const LIST_AT_LEAST_EVERY_MS = 60_000;
/** The share that it may take when a watched process is known to have a new socket. */
const NEW_SOCKET_SHARE = 0.03;
/** More ports than this, and one listing of all is less work than one for each. */
const MOST_PORTS = 4;

/** What is known of one socket beside what each listing says of it. */
interface KnownSocket {
  /** null: nobody's that can be seen. */
  holder: SocketHolder | null;
  owner: WatchOwner | null;
  /** How to ask for it alone. */
  name: SocketName;
  /** Its descriptors were looked for. */
  searched: boolean;
  /** TCP_KEEPCNT; null: not known, or not asked for yet. */
  probeLimit: number | null;
  limitAsked: boolean;
  inode: number;
  /** Its counters when it was last seen established, and those with which it was freed. */
  last: EndCounters | null;
  end: EndCounters | null;
}

/** What a watch of others' sockets keeps from one step to the next. Sockets are named by their cookies. */
export interface ObservedSockets {
  filter: SocketFilter;
  /** The processes that were asked for, and when each started. */
  started: ReadonlyMap<number, string | null>;
  list: OpenedSocketList;
  /** null: nothing is to be asked of the sockets themselves. */
  libc: Libc | null;
  known: Map<string, KnownSocket>;
  /** Sockets that are not meant, as of the last listing. */
  strangers: ReadonlySet<string>;
  /** Processes with a name that was asked for; null: not looked up yet. */
  named: { pids: number[]; atMs: number } | null;
  /** The inodes of the sockets that the processes held when they were last asked. */
  inodes: ReadonlySet<number>;
  listings: number;
  /** What the last listing cost; from when on there is the next one, and from when on at the earliest. */
  lastCostMs: number;
  listAgainAtMs: number;
  listSoonestAtMs: number;
}

/** Nothing is known yet. */
export function observedSockets(given: Pick<ObservedSockets, 'filter' | 'started' | 'list' | 'libc'>): ObservedSockets {
  return {
    ...given,
    known: new Map(),
    strangers: new Set(),
    named: null,
    inodes: new Set(),
    listings: 0,
    lastCostMs: 0,
    listAgainAtMs: 0,
    listSoonestAtMs: 0,
  };
}

/** The processes whose sockets are meant; null: anybody's. */
export function processesMeant(observed: ObservedSockets, atMs: number): number[] | null {
  const { pids, commands } = observed.filter;
  if (pids.length === 0 && commands.length === 0) return null;
  const alive = pids.filter((pid) => isSameProcess(observed, pid));
  if (commands.length === 0) return alive;
  if (observed.named === null || atMs - observed.named.atMs >= COMMANDS_EVERY_MS) {
    const among = pids.length > 0 ? alive : listPids();
    const isMeant = (pid: number): boolean => commands.some((part) => commandOf(pid)?.includes(part) === true);
    observed.named = { pids: among.filter(isMeant), atMs };
  }
  return observed.named.pids;
}

/** Reports whether all processes that were asked for by number have ended. */
export function haveEnded(observed: ObservedSockets): boolean {
  const { pids } = observed.filter;
  return pids.length > 0 && !pids.some((pid) => isSameProcess(observed, pid));
}

function isSameProcess({ started }: ObservedSockets, pid: number): boolean {
  return startTimeOf(pid) === started.get(pid);
}

/** All sockets that are meant, as they are now. Lists all of the host's only when new ones are due, or one of those watched is missing. */
export function lookAtSockets(
  observed: ObservedSockets,
  watched: WatchedConnections,
  among: readonly number[] | null,
  atMs: number,
): Map<string, KernelSocket> {
  const { present, isWhole } = lookAgain(observed, watched);
  // What is missing may only be hard to find alone.
  const isDue = !isWhole || atMs >= observed.listAgainAtMs;
  if (!isDue && (among === null || atMs < observed.listSoonestAtMs || !hasNewSocket(observed, among))) return present;
  const before = process.cpuUsage();
  listAll(observed, among, present);
  const { user, system } = process.cpuUsage(before);
  const costMs = (user + system) / 1000;
  // One listing alone may cost more than the others do: the first, which loads code.
  const usualMs = Math.min(costMs, observed.lastCostMs);
  observed.listAgainAtMs = atMs + Math.min(LIST_AT_LEAST_EVERY_MS, usualMs / LISTING_SHARE);
  observed.listSoonestAtMs = atMs + usualMs / NEW_SOCKET_SHARE;
  observed.lastCostMs = costMs;
  return present;
}

/** Looks at those that are watched, which is far less where the host has many others. Of what is closed here it finds the TIME_WAIT. */
function lookAgain(
  observed: ObservedSockets,
  watched: WatchedConnections,
): { present: Map<string, KernelSocket>; isWhole: boolean } {
  const names: SocketName[] = [];
  const present = new Map<string, KernelSocket>();
  for (const { look } of watched.current()) {
    const name = observed.known.get(look.id)?.name;
    if (look.state !== 'time-wait' && name !== undefined) names.push(name);
  }
  findAmong(observed, names, present);
  let isWhole = true;
  for (const { look, condition } of watched.current()) isWhole &&= condition === 'ending' || present.has(look.id);
  return { present, isWhole };
}

/** Reports whether the processes hold a socket that they did not when they were last asked. */
function hasNewSocket(observed: ObservedSockets, among: readonly number[]): boolean {
  const before = observed.inodes;
  observed.inodes = new Set(scanSocketHolders({ has: () => true }, among).holders.keys());
  return [...observed.inodes].some((inode) => !before.has(inode));
}

/** Lists all sockets that may be meant, and adds those that are: the new ones, and what could not be found alone. */
function listAll(observed: ObservedSockets, among: readonly number[] | null, present: Map<string, KernelSocket>): void {
  const { known } = observed;
  const { fresh, strangers } = sortAll(observed, present);
  for (const [id, socket] of fresh) known.set(id, newlyKnown(socket));
  if (among !== null) searchHolders(observed, fresh.keys(), among);
  for (const [id, socket] of fresh) {
    if (among === null || known.get(id)?.holder != null) {
      present.set(id, socket);
      continue;
    }
    known.delete(id);
    // One without an inode waits to be accepted; who does that is seen when it has one.
    if (socket.inode !== 0) strangers.add(id);
  }
  findAmong(
    observed,
    [...fresh.keys()].flatMap((id) => known.get(id)?.name ?? []),
    present,
  );
  observed.strangers = strangers;
  observed.listings += 1;
}

/** Sorts all sockets: those that are known go into `present`; `fresh` may be meant, as far as their ends tell. */
function sortAll({ filter, list, known, strangers: before }: ObservedSockets, present: Map<string, KernelSocket>) {
  const anyState: SocketFilter = { ...filter, states: [] };
  const fresh = new Map<string, KernelSocket>();
  const strangers = new Set<string>();
  for (const request of portsOf(filter)) {
    // Without TCP_INFO, of which most would be others'.
    list.each({ ...request, states: CONNECTION_STATES, withInfo: false }, (socket) => {
      const { cookie: id } = socket;
      if (id === null) return;
      if (known.has(id)) {
        if (!present.has(id)) present.set(id, copyOfSocket(socket));
      } else if (before.has(id) || !matchesEnds(anyState, endsOf(socket))) strangers.add(id);
      else fresh.set(id, copyOfSocket(socket));
    });
  }
  return { fresh, strangers };
}

function findAmong({ list }: ObservedSockets, names: readonly SocketName[], present: Map<string, KernelSocket>): void {
  for (const socket of list.find(names)) if (socket.cookie !== null) present.set(socket.cookie, socket);
}

/** Looks for the holders of these sockets, all in one search; each is looked for once. */
export function searchHolders(
  { known }: ObservedSockets,
  ids: Iterable<string>,
  among: readonly number[] | null,
): void {
  const sockets: KnownSocket[] = [];
  for (const id of ids) {
    const socket = known.get(id);
    if (socket !== undefined && !socket.searched && socket.inode !== 0) sockets.push(socket);
  }
  if (sockets.length === 0) return;
  const { holders } = scanSocketHolders(new Set(sockets.map(({ inode }) => inode)), among);
  for (const socket of sockets) {
    const [holder = null] = holders.get(socket.inode) ?? [];
    socket.searched = true;
    socket.holder = holder;
    socket.owner = holder === null ? null : { pid: holder.pid, command: commandOf(holder.pid) };
  }
}

/** TCP_KEEPCNT of a socket, asked for once; null: it is off, or may not be asked for. */
export function probeLimitOf(observed: ObservedSockets, id: string): number | null {
  const socket = observed.known.get(id);
  if (socket === undefined || socket.limitAsked) return socket?.probeLimit ?? null;
  searchHolders(observed, [id], null);
  socket.limitAsked = true;
  if (socket.holder !== null && observed.libc !== null) socket.probeLimit = readLimit(observed.libc, socket.holder, id);
  return socket.probeLimit;
}

function readLimit(libc: Libc, { pid, fd }: SocketHolder, cookie: string): number | null {
  return unlessRefused(() =>
    withForeignSocket(libc, { pid, fd, cookie }, (duplicate) => {
      const { enabled, count } = readKeepalive(libc, duplicate);
      return enabled ? count : null;
    }),
  );
}

/** What somebody's socket answers; null without the rights to ask, or when it is gone. */
export function unlessRefused<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch (error) {
    if (error instanceof KernelError) return null;
    throw error;
  }
}

/** What is neither listed nor watched any more is forgotten, so that days of watching need no more memory than a minute. */
export function forgetOthers(
  { known }: ObservedSockets,
  present: ReadonlyMap<string, unknown>,
  watched: WatchedConnections,
): void {
  if (known.size === present.size) return;
  const watchedIds = new Set([...watched.current()].map(({ look }) => look.id));
  for (const id of known.keys()) if (!present.has(id) && !watchedIds.has(id)) known.delete(id);
}

/** What the kernel is asked for: where the filter names ports, only sockets with them. */
function portsOf({ remote, local, ports }: SocketFilter): Pick<SocketRequest, 'localPort' | 'remotePort'>[] {
  const all = (ends: SocketFilter['remote']): number[] => ends.flatMap(({ port }) => port ?? []);
  if (remote.length > 0 && remote.length <= MOST_PORTS && all(remote).length === remote.length)
    return [...new Set(all(remote))].map((remotePort) => ({ remotePort }));
  if (local.length > 0 && local.length <= MOST_PORTS && all(local).length === local.length)
    return [...new Set(all(local))].map((localPort) => ({ localPort }));
  if (ports.length > 0 && ports.length <= MOST_PORTS)
    return ports.flatMap((port) => [{ localPort: port }, { remotePort: port }]);
  return [{}];
}

function newlyKnown(socket: KernelSocket): KnownSocket {
  return {
    holder: null,
    owner: null,
    name: socket,
    searched: false,
    probeLimit: null,
    limitAsked: false,
    inode: socket.inode,
    last: null,
    end: null,
  };
}

/** Both ends in words, and the state. */
export function endsOf({ localAddress, localPort, remoteAddress, remotePort, state }: Readonly<KernelSocket>): {
  local: string;
  remote: string;
  state: TcpState;
} {
  return { local: endpoint(localAddress, localPort), remote: endpoint(remoteAddress, remotePort), state };
}
