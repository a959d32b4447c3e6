/** Observes other processes' connections by listing the sockets again and again. Changes nothing. */
import { endpoint, portOf } from '../../base/endpoint.ts';
import { CapabilityError, KernelError, UsageError } from '../../base/errors.ts';
import { CONNECTION_STATES, type TcpState } from '../../base/tcp-state.ts';
import { withForeignSocket } from '../../linux/foreign-socket.ts';
import { copyOfSocket, type KernelSocket, type SocketName, type SocketRequest } from '../../linux/kernel-socket.ts';
import { type Libc, loadLibc } from '../../linux/libc.ts';
import {
  commandOf,
  listPids,
  type SocketHolder,
  scanSocketHolders,
  startTimeOf,
} from '../../linux/procfs/socket-holders.ts';
import { readKeepalive } from '../../linux/socket-options.ts';
import { readTcpInfo } from '../../linux/tcp-info.ts';
import { matchesEnds, type SocketFilter } from '../../sockets/socket-filter.ts';
import { type OpenedSocketList, openSocketList } from '../../sockets/socket-list.ts';
import type { ConnectionLook, EventDraft, WatchedConnections } from './decide-events.ts';
import type { WatchOwner } from './report.ts';
import { type EndCounters, endedByReset } from './reset-evidence.ts';
import type { WatchSource } from './watch-source.ts';

/** Which processes have a name that was asked for is looked up again after this time: new ones may have come. */
const COMMANDS_EVERY_MS = 5000;
/** Addresses that processes were connected to, for as many as this. */
const MOST_REMEMBERED = 1000;

/** The share of one core that the listing of all sockets may take, and the longest that new ones may wait for it. */
const LISTING_SHARE = 0.01;
const LIST_AT_LEAST_EVERY_MS = 60_000;
/** The share that it may take when a watched process is known to have a new socket. */
const NEW_SOCKET_SHARE = 0.03;
/** More ports than this, and one listing of all is less work than one for each. */
const MOST_PORTS = 4;

/** What is known of one socket beside what each listing says of it. */
interface Known {
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

/**
 * Begins to observe the sockets that the filter means, in the network namespace of process `pid` or in kaprobe's own: by sock_diag, and where
 * netlink or koffi is not to be had, in /proc/net/tcp. Throws a UsageError when one of its processes does not exist, and a CapabilityError
 * when its namespace may not be entered, or its descriptors not seen.
 */
export async function watchObserved(filter: SocketFilter, pid: number | null): Promise<WatchSource> {
  const started = new Map(filter.pids.map((each) => [each, startTimeOf(each)]));
  for (const [each, time] of started) {
    if (time === null)
      throw new UsageError(`there is no process ${each}`, 'process ids are those that ps shows where kaprobe runs');
  }
  const [hidden] = scanSocketHolders(new Set(), filter.pids).hiddenPids;
  if (hidden !== undefined) {
    throw new CapabilityError(
      `the descriptors of process ${hidden} may not be seen`,
      'needs its user, or CAP_SYS_PTRACE: run as root',
    );
  }
  const list = await openSocketList(pid, { follow: true });
  return observe(filter, started, list, list.source === 'procfs' ? null : await loadLibc());
}

function observe(
  filter: SocketFilter,
  started: ReadonlyMap<number, string | null>,
  list: OpenedSocketList,
  /** null: nothing is to be asked of the sockets themselves. */
  libc: Libc | null,
): WatchSource {
  const { source, withoutSockDiag } = list;
  const destroyed = list.destroyed instanceof Error ? null : list.destroyed;
  const byProcess = filter.pids.length > 0 || filter.commands.length > 0;
  const known = new Map<string, Known>();
  /** Where a process had a connection that is over: `pid:port` to the far end. */
  const left = new Map<string, string>();
  let named: { pids: number[]; atMs: number } | null = null;

  /** The processes whose sockets are meant; null: anybody's. */
  const pidsNow = (atMs: number): number[] | null => {
    if (!byProcess) return null;
    const alive = filter.pids.filter((pid) => startTimeOf(pid) === started.get(pid));
    if (filter.commands.length === 0) return alive;
    if (named === null || atMs - named.atMs >= COMMANDS_EVERY_MS) {
      const among = filter.pids.length > 0 ? alive : listPids();
      const pids = among.filter((pid) => filter.commands.some((part) => commandOf(pid)?.includes(part) === true));
      named = { pids, atMs };
    }
    return named.pids;
  };

  /** Looks for the holders of these sockets, all in one search. */
  const search = (ids: readonly string[], among: readonly number[] | null): void => {
    const sockets = ids.flatMap((id) => {
      const each = known.get(id);
      return each === undefined || each.searched || each.inode === 0 ? [] : [each];
    });
    if (sockets.length === 0) return;
    const { holders } = scanSocketHolders(new Set(sockets.map(({ inode }) => inode)), among);
    for (const socket of sockets) {
      const [holder = null] = holders.get(socket.inode) ?? [];
      socket.searched = true;
      socket.holder = holder;
      socket.owner = holder === null ? null : { pid: holder.pid, command: commandOf(holder.pid) };
    }
  };

  const limitOf = (id: string): number | null => {
    const each = known.get(id);
    if (each === undefined || each.limitAsked) return each?.probeLimit ?? null;
    search([id], null);
    each.limitAsked = true;
    if (each.holder !== null && libc !== null) each.probeLimit = readLimit(libc, each.holder, id);
    return each.probeLimit;
  };

  /** Sockets that are not meant, as of the last listing. */
  let strangers = new Set<string>();
  let listings = 0;
  let listAgainAtMs = 0;
  let listSoonestAtMs = 0;
  let inodes: ReadonlySet<number> = new Set();
  const requests = portsOf(filter);
  const anyState: SocketFilter = { ...filter, states: [] };
  let lastCostMs = 0;

  /** Lists all sockets that may be meant, and adds those that are: the new ones, and what could not be found alone. */
  const listAll = (among: readonly number[] | null, present: Map<string, KernelSocket>): void => {
    const fresh: [id: string, socket: KernelSocket][] = [];
    const others = new Set<string>();
    for (const request of requests) {
      // Without TCP_INFO, of which most would be others'.
      list.each({ ...request, states: CONNECTION_STATES, withInfo: false }, (message) => {
        const { cookie: id } = message;
        if (id === null) return;
        if (known.has(id)) {
          if (!present.has(id)) present.set(id, copyOfSocket(message));
        } else if (strangers.has(id) || !matchesEnds(anyState, ends(message))) others.add(id);
        else fresh.push([id, copyOfSocket(message)]);
      });
    }
    strangers = others;
    for (const [id, socket] of fresh) known.set(id, newlyKnown(socket));
    if (among !== null) {
      search(
        fresh.map(([id]) => id),
        among,
      );
    }
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
      fresh.flatMap(([id]) => known.get(id)?.name ?? []),
      present,
    );
    listings += 1;
  };

  const findAmong = (names: readonly SocketName[], present: Map<string, KernelSocket>): void => {
    for (const socket of list.find(names)) if (socket.cookie !== null) present.set(socket.cookie, socket);
  };

  /** Looks at those that are watched, which is far less where the host has many others. Of what is closed here it finds the TIME_WAIT. */
  const lookAgain = (watched: WatchedConnections): { present: Map<string, KernelSocket>; isWhole: boolean } => {
    const names: SocketName[] = [];
    const present = new Map<string, KernelSocket>();
    for (const { look } of watched.current()) {
      const name = known.get(look.id)?.name;
      if (look.state !== 'time-wait' && name !== undefined) names.push(name);
    }
    findAmong(names, present);
    let isWhole = true;
    for (const { look, condition } of watched.current()) isWhole &&= condition === 'ending' || present.has(look.id);
    return { present, isWhole };
  };

  /** Whether the processes hold a socket that they did not when it was last asked. */
  const hasNewSocket = (among: readonly number[]): boolean => {
    const before = inodes;
    inodes = new Set(scanSocketHolders({ has: () => true }, among).holders.keys());
    return [...inodes].some((inode) => !before.has(inode));
  };

  const isOver = (): boolean =>
    filter.pids.length > 0 && filter.pids.every((pid) => startTimeOf(pid) !== started.get(pid));

  /** Of the step before: whose socket it was is asked until its events have been told. */
  let lastPresent: ReadonlyMap<string, unknown> = new Map();
  const step = (watched: WatchedConnections, atMs: number): EventDraft[] => {
    forget(known, lastPresent, watched);
    const among = pidsNow(atMs);
    const { present, isWhole } = lookAgain(watched);
    // What is missing may only be hard to find alone.
    const isDue = !isWhole || atMs >= listAgainAtMs;
    if (isDue || (among !== null && atMs >= listSoonestAtMs && hasNewSocket(among))) {
      const before = process.cpuUsage();
      listAll(among, present);
      const { user, system } = process.cpuUsage(before);
      const costMs = (user + system) / 1000;
      // One listing alone may cost more than the others do: the first, which loads code.
      const usualMs = Math.min(costMs, lastCostMs);
      listAgainAtMs = atMs + Math.min(LIST_AT_LEAST_EVERY_MS, usualMs / LISTING_SHARE);
      listSoonestAtMs = atMs + usualMs / NEW_SOCKET_SHARE;
      lastCostMs = costMs;
    }
    for (const { cookie, info } of destroyed?.take().sockets ?? []) {
      const each = cookie === null ? undefined : known.get(cookie);
      if (each !== undefined) each.end = info;
    }
    const looks: ConnectionLook[] = [];
    for (const [id, socket] of present) {
      const each = known.get(id);
      if (each !== undefined) each.last = socket.state === 'established' ? (socket.info ?? each.last) : null;
      const unanswered = (socket.info?.unansweredProbes ?? 0) > 0;
      looks.push(lookOf(id, socket, unanswered ? limitOf(id) : (each?.probeLimit ?? null)));
    }
    const events = watched.observe(looks, atMs);
    search(
      events.flatMap(({ id }) => (id === null ? [] : [id])),
      among,
    );
    const told = events.flatMap((event) => [withEnd(event, known, libc), ...movedTo(event, known, left)]);
    lastPresent = present;
    return told;
  };

  return {
    source,
    withoutSockDiag,
    step: async (watched, atMs) => {
      try {
        return step(watched, atMs);
      } catch (error) {
        // The files of another network namespace go with the process that they were read through.
        if (error instanceof CapabilityError && isOver()) return [];
        throw error;
      }
    },
    listings: () => listings,
    isOver,
    ownerOf: (id) => known.get(id)?.owner ?? null,
    close: list.close,
  };
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

function newlyKnown(socket: KernelSocket): Known {
  return {
    ...{ holder: null, owner: null, searched: false, probeLimit: null, limitAsked: false, last: null, end: null },
    ...{ name: socket, inode: socket.inode },
  };
}

/** What is neither listed nor watched any more is forgotten, so that days of watching need no more memory than a minute. */
function forget(known: Map<string, Known>, present: ReadonlyMap<string, unknown>, watched: WatchedConnections): void {
  if (known.size === present.size) return;
  const watchedIds = new Set([...watched.current()].map(({ look }) => look.id));
  for (const id of known.keys()) if (!present.has(id) && !watchedIds.has(id)) known.delete(id);
}

/**
 * Adds to the end of a connection whether its process still holds the socket: then it was not the process that closed it. And calls it a
 * reset where its counters prove that: those with which it was freed, or those of the socket that is still held.
 */
function withEnd(event: EventDraft, known: ReadonlyMap<string, Known>, libc: Libc | null): EventDraft {
  const each = event.id === null ? undefined : known.get(event.id);
  if (event.event !== 'gone' || event.id === null || each === undefined) return event;
  const { holder, inode, last } = each;
  const [held = null] =
    holder === null ? [] : (scanSocketHolders(new Set([inode]), [holder.pid]).holders.get(inode) ?? []);
  const evidence = {
    ...event.evidence,
    ...(holder === null ? {} : { stillHeldByItsProcess: held !== null }),
  };
  const end = each.end ?? (held === null || libc === null ? null : readEnd(libc, held, event.id));
  if (last === null || end === null || !endedByReset(last, end)) return { ...event, evidence };
  const segmentsReceived = (end.segmentsIn ?? 0) - (last.segmentsIn ?? 0);
  const probesSent = end.unansweredProbes - last.unansweredProbes;
  return { ...event, event: 'reset', evidence: { ...evidence, segmentsReceived, probesSent, otherSegmentsSent: 0 } };
}

/** The counters of a socket that is closed and still held; null without the rights to ask. */
function readEnd(libc: Libc, { pid, fd }: SocketHolder, cookie: string): EndCounters | null {
  return attempt(() =>
    withForeignSocket(libc, { pid, fd, cookie }, (duplicate) => {
      const info = readTcpInfo(libc, duplicate);
      return info.state === 'closed' ? info : null;
    }),
  );
}

function attempt<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch (error) {
    if (error instanceof KernelError) return null;
    throw error;
  }
}

const ENDINGS: readonly EventDraft['event'][] = ['gone', 'reset', 'timed-out', 'closed-by-peer', 'closed-here'];

/** A process that lost its connection to a port of one address and now has one to the same port of another. */
function movedTo(event: EventDraft, known: ReadonlyMap<string, Known>, left: Map<string, string>): EventDraft[] {
  const owner = event.id === null ? null : (known.get(event.id)?.owner ?? null);
  if (owner === null || event.connection === null) return [];
  const { remote } = event.connection;
  const key = `${owner.pid}:${portOf(remote)}`;
  if (ENDINGS.includes(event.event)) {
    left.delete(key);
    left.set(key, remote);
    for (const oldest of left.keys()) {
      if (left.size <= MOST_REMEMBERED) break;
      left.delete(oldest);
    }
  }
  const before = left.get(key);
  if (event.event !== 'established' || before === undefined) return [];
  left.delete(key);
  if (before === remote) return [];
  return [{ ...event, event: 'rotated', evidence: { before, now: remote } }];
}

/** TCP_KEEPCNT of somebody's socket; null without the rights to ask, or when it is off. */
function readLimit(libc: Libc, { pid, fd }: SocketHolder, cookie: string): number | null {
  return attempt(() =>
    withForeignSocket(libc, { pid, fd, cookie }, (duplicate) => {
      const { enabled, count } = readKeepalive(libc, duplicate);
      return enabled ? count : null;
    }),
  );
}

function ends({ localAddress, localPort, remoteAddress, remotePort, state }: KernelSocket): {
  local: string;
  remote: string;
  state: TcpState;
} {
  return { local: endpoint(localAddress, localPort), remote: endpoint(remoteAddress, remotePort), state };
}

function lookOf(id: string, socket: KernelSocket, probeLimit: number | null): ConnectionLook {
  const { info, timer } = socket;
  return {
    ...ends(socket),
    id,
    unansweredProbes: info?.unansweredProbes ?? null,
    probeKind: timer === 'window-probe' ? 'window' : timer === 'keepalive' ? 'keepalive' : null,
    probeLimit,
    retransmits: info?.retransmits ?? null,
    unackedSegments: info?.unackedSegments ?? null,
    rttMs: info?.rttMs ?? null,
    lastAckReceivedMs: info?.lastAckReceivedMs ?? null,
    lastDataSentMs: info?.lastDataSentMs ?? null,
    lastDataReceivedMs: info?.lastDataReceivedMs ?? null,
  };
}
