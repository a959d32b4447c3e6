/** Watches, by looking again and again, which TCP connections this process's children and all of theirs hold, and with which options. */
import { closeSync, openSync } from 'node:fs';
import { endpoint, portOf } from '../../base/endpoint.ts';
import { CapabilityError, KernelError } from '../../base/errors.ts';
import { CONNECTION_STATES } from '../../base/tcp-state.ts';
import { withForeignDescriptor } from '../../linux/foreign-socket.ts';
import { type KernelSocket, readSockets } from '../../linux/kernel-socket.ts';
import type { Libc } from '../../linux/libc.ts';
import { descendantsOf, hasEnded, reapOrphans } from '../../linux/procfs/process-tree.ts';
import { commandOf, type SocketHolder, scanSocketHolders } from '../../linux/procfs/socket-holders.ts';
import { unmeasured } from '../../report/values.ts';
import { type OpenedSocketList, openSocketList } from '../../sockets/socket-list.ts';
import { afterLook, type Look, type SeenConnection } from './connection-log.ts';
import { nextLook, type Pace, STARTING_PACE } from './look-interval.ts';
import { type ReadConnection, readConnection } from './read-connection.ts';
import type { RunData } from './report.ts';

/** Everybody's sockets are listed that often, to know others' as others', where that costs no more than so much. */
const LIST_EVERY_MS = 1000;
const LIST_COST_MS = 5;
const MOST_CONNECTIONS = 10_000;
/** Remote ends of connections that were not seen. */
const MOST_REMOTES = 10_000;
const OTHER_REMOTES = '';
/** Of the tree all sockets are looked at: new ones are recognised by being unknown. */
const EVERY_INODE = { has: () => true };

/** What was seen until the end. */
export type WatchedTree = Pick<RunData, 'sampling' | 'processCount' | 'leftRunning' | 'unlisted' | 'unseen'> & {
  connections: SeenConnection[];
  /** The processes whose sockets may not be looked at, with the reason. */
  denied: { pid: number; command: string | null; reason: string }[];
};

/** A watch of a tree of processes, and what it has seen so far. Connections are named by their cookies. Times count from its beginning. */
interface TreeWatch {
  readonly libc: Libc;
  readonly list: OpenedSocketList;
  /** The command's own process, which somebody else waits for; -1: it does not run yet. */
  ownPid: number;
  startedAtMs: number;
  startedCpu: NodeJS.CpuUsage;
  readonly seen: Map<string, SeenConnection>;
  /** Those that there was no room for. */
  readonly unlisted: Set<string>;
  /** Inodes of the tree that are no TCP sockets, or listen. */
  readonly otherInodes: Set<number>;
  readonly pids: Set<number>;
  readonly denied: Map<number, WatchedTree['denied'][number]>;
  /** Processes whose descriptors may not be seen, with their names. */
  readonly hidden: Map<number, string | null>;
  readonly listeningPorts: Set<number>;
  /** Connections that were there before the command, or were met while somebody else held them. */
  readonly met: Set<string>;
  /** How many outgoing ones ended that were not met, by their remote end. */
  readonly unseen: Map<string, number>;
  /** The kernel freed more sockets at once than it kept word of. */
  lostWord: boolean;
  look: Look;
  looks: number;
  gapsMs: number;
  longestGapMs: number;
  /** When everybody's sockets were last listed, and what that cost. */
  listedAtMs: number;
  listCostMs: number;
  pace: Pace;
  /** The processor's time that was spent by the end of the last look. */
  spentMs: number;
  timer: NodeJS.Timeout | undefined;
  /** What a look threw, which ended the looking. */
  failure: unknown;
}

/**
 * Gets ready, so that `begin` can look at once. This process becomes the parent of those descendants whose own parent ends: daemons stay in the
 * tree. Rejects with a CapabilityError where the kernel's list of sockets is unavailable, or descriptors cannot be duplicated at all.
 */
export async function watchProcessTree(libc: Libc): Promise<{
  /** Looks for the first time, now that there is a child: `pid` is waited for by somebody else. */
  begin(pid: number): void;
  /** Throws what was thrown while it looked. */
  stop(): WatchedTree;
}> {
  tryToDuplicate(libc);
  const list = await openList();
  libc.becomeSubreaper();
  const watch: TreeWatch = {
    libc,
    list,
    ownPid: -1,
    startedAtMs: performance.now(),
    startedCpu: process.cpuUsage(),
    seen: new Map(),
    unlisted: new Set(),
    otherInodes: new Set(),
    pids: new Set(),
    denied: new Map(),
    hidden: new Map(),
    listeningPorts: new Set(),
    met: new Set(),
    unseen: new Map(),
    lostWord: false,
    look: { atMs: 0, previousMs: 0 },
    looks: 0,
    gapsMs: 0,
    longestGapMs: 0,
    listedAtMs: 0,
    listCostMs: 0,
    pace: STARTING_PACE,
    spentMs: 0,
    timer: undefined,
    failure: null,
  };
  for (const socket of listAll(watch)) meet(watch, socket);
  noteListeners(watch);
  return {
    begin: (pid) => {
      watch.ownPid = pid;
      watch.startedAtMs = performance.now();
      watch.startedCpu = process.cpuUsage();
      watch.listedAtMs = 0;
      goOn(watch);
    },
    stop: () => {
      clearTimeout(watch.timer);
      try {
        if (watch.failure !== null) throw watch.failure;
        return conclude(watch);
      } finally {
        list.close();
      }
    },
  };
}

function goOn(watch: TreeWatch): void {
  try {
    lookAround(watch);
    const usedMs = cpuMs(watch);
    const { pace, waitMs } = nextLook(watch.pace, usedMs - watch.spentMs);
    watch.spentMs = usedMs;
    watch.pace = pace;
    watch.timer = setTimeout(goOn, waitMs, watch);
  } catch (error) {
    watch.failure = error;
  }
}

function lookAround(watch: TreeWatch): void {
  const { pids, hidden, otherInodes } = watch;
  const { atMs: previousMs } = watch.look;
  watch.look = { atMs: elapsedMs(watch), previousMs };
  watch.looks += 1;
  takeDestroyed(watch);
  const isDue = watch.look.atMs - watch.listedAtMs >= LIST_EVERY_MS && isListCheap(watch);
  const before = isDue ? listAll(watch) : null;
  reapOrphans(watch.libc, [watch.ownPid]);
  const tree = descendantsOf(process.pid);
  for (const pid of tree) pids.add(pid);
  const { holders, hiddenPids } = scanSocketHolders(EVERY_INODE, tree);
  for (const pid of tree) if (!hiddenPids.includes(pid)) hidden.delete(pid);
  // What has ended and waits to be noticed is hidden from all but root, and holds nothing any more.
  for (const pid of hiddenPids) if (!hidden.has(pid) && !hasEnded(pid)) hidden.set(pid, commandOf(pid));
  if (before !== null) meetOthers(watch, before, holders);
  for (const inode of otherInodes) if (!holders.has(inode)) otherInodes.delete(inode);
  for (const [inode, by] of holders) if (!otherInodes.has(inode)) lookAt(watch, inode, by);
  if (watch.looks === 1) return;
  const gapMs = elapsedMs(watch) - previousMs;
  watch.gapsMs += gapMs;
  watch.longestGapMs = Math.max(watch.longestGapMs, gapMs);
}

/** Asks its holders in turn until one lets it be seen. */
function lookAt(watch: TreeWatch, inode: number, holders: readonly SocketHolder[]): void {
  const { denied, listeningPorts, otherInodes } = watch;
  for (const holder of holders) {
    const reading = readConnection(watch.libc, inode, holder);
    if (reading.kind === 'connected') noteSeen(watch, reading, holder);
    if (reading.kind === 'listening') listeningPorts.add(reading.port);
    if (reading.kind === 'listening' || reading.kind === 'other') otherInodes.add(inode);
    if (reading.kind === 'denied') {
      const { pid } = holder;
      if (!denied.has(pid)) denied.set(pid, { pid, command: commandOf(pid), reason: reading.reason });
    } else if (reading.kind !== 'gone') return;
  }
}

function noteSeen(watch: TreeWatch, connection: ReadConnection, { pid }: SocketHolder): void {
  const { seen, unlisted, listeningPorts } = watch;
  const { cookie, local, remote, state, keepalive } = connection;
  const before = seen.get(cookie) ?? null;
  if (before === null && seen.size >= MOST_CONNECTIONS) {
    unlisted.add(cookie);
    return;
  }
  if (before === null) noteListeners(watch);
  const sighting = {
    direction: listeningPorts.has(portOf(local)) ? ('incoming' as const) : ('outgoing' as const),
    local,
    remote: remote ?? before?.remote ?? remoteOf(watch, cookie),
    pid,
    command: before === null ? commandOf(pid) : before.command,
    state,
    keepalive,
  };
  seen.set(cookie, afterLook(before, sighting, watch.look));
}

function remoteOf({ list }: TreeWatch, cookie: string): string {
  const { sockets } = readSockets(list, { states: ['syn-sent'], withInfo: false });
  const socket = sockets.find((each) => each.cookie === cookie);
  return socket === undefined ? 'unknown' : endpoint(socket.remoteAddress, socket.remotePort);
}

function noteListeners({ list, listeningPorts }: TreeWatch): void {
  const { sockets } = readSockets(list, { states: ['listen'], withInfo: false });
  for (const { localPort } of sockets) listeningPorts.add(localPort);
}

function listAll(watch: TreeWatch): readonly KernelSocket[] {
  watch.listedAtMs = elapsedMs(watch);
  const beforeMs = cpuMs(watch);
  const { sockets } = readSockets(watch.list, { states: CONNECTION_STATES, withInfo: false });
  watch.listCostMs = cpuMs(watch) - beforeMs;
  return sockets;
}

function isListCheap({ listCostMs }: TreeWatch): boolean {
  return listCostMs < LIST_COST_MS;
}

function meet({ met }: TreeWatch, { cookie }: KernelSocket): void {
  if (cookie !== null) met.add(cookie);
}

/** Held before the tree was looked at and after it, and not by the tree: then somebody else does. Held before only, it may have been the tree's. */
function meetOthers(watch: TreeWatch, before: readonly KernelSocket[], tree: { has(inode: number): boolean }): void {
  const held = new Set(before.filter(({ inode }) => inode !== 0).map(({ cookie }) => cookie));
  for (const socket of listAll(watch))
    if (socket.inode !== 0 && held.has(socket.cookie) && !tree.has(socket.inode)) meet(watch, socket);
}

function takeDestroyed(watch: TreeWatch): void {
  const { destroyed } = watch.list;
  if (destroyed === null || destroyed instanceof Error) return;
  const { sockets, lost } = destroyed.take();
  watch.lostWord ||= lost;
  for (const socket of sockets) noteUnseen(watch, socket);
}

function noteUnseen({ seen, unlisted, listeningPorts, met, unseen }: TreeWatch, socket: KernelSocket): void {
  const { cookie, localPort, remoteAddress, remotePort } = socket;
  if (cookie === null || met.delete(cookie) || seen.has(cookie) || unlisted.has(cookie)) return;
  if (remotePort === 0 || listeningPorts.has(localPort)) return;
  const remote = endpoint(remoteAddress, remotePort);
  const key = unseen.has(remote) || unseen.size < MOST_REMOTES ? remote : OTHER_REMOTES;
  unseen.set(key, (unseen.get(key) ?? 0) + 1);
}

function conclude(watch: TreeWatch): WatchedTree {
  const { list, looks, gapsMs, longestGapMs, ownPid, pids, seen, unlisted, denied, hidden } = watch;
  takeDestroyed(watch);
  // Closed, and not freed yet: the far end has not answered.
  const left = isListCheap(watch) ? readSockets(list, { states: CONNECTION_STATES, withInfo: false }).sockets : [];
  for (const socket of left) if (socket.inode === 0) noteUnseen(watch, socket);
  const reason = 'its descriptors are hidden from this user';
  return {
    sampling: {
      looks,
      meanGapMs: looks < 2 ? null : rounded(gapsMs / (looks - 1)),
      longestGapMs: looks < 2 ? null : rounded(longestGapMs),
      cpuMs: Math.round(cpuMs(watch)),
    },
    processCount: pids.size,
    leftRunning: descendantsOf(process.pid).filter((pid) => pid !== ownPid).length,
    connections: [...seen.values()],
    unlisted: unlisted.size,
    unseen: countUnseen(watch),
    denied: [...denied.values(), ...[...hidden].map(([pid, command]) => ({ pid, command, reason }))],
  };
}

function countUnseen({ list: { destroyed }, lostWord, unseen, seen }: TreeWatch): RunData['unseen'] {
  if (destroyed instanceof Error)
    return unmeasured(`the kernel does not tell which sockets are freed: ${destroyed.message}`);
  if (lostWord) return unmeasured('more sockets were freed at once than the kernel keeps word of');
  const outgoing = [...seen.values()].filter(({ direction }) => direction === 'outgoing');
  const remotes = new Set(outgoing.map(({ remote }) => remote));
  const counts = [...unseen];
  const sum = (some: typeof counts): number => some.reduce((all, [, count]) => all + count, 0);
  return {
    kind: 'counted',
    outgoing: sum(counts),
    toSeenRemotes: sum(counts.filter(([remote]) => remotes.has(remote))),
  };
}

/** On this very process, over which nobody lacks the permission: what refuses it now would refuse it always. */
function tryToDuplicate(libc: Libc): void {
  const file = openSync('/dev/null', 'r');
  try {
    withForeignDescriptor(libc, { pid: process.pid, fd: file }, () => {});
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    throw new CapabilityError(
      `the sockets of other processes cannot be looked at here: ${error.message}`,
      'needs Linux 5.6, and in a container usually --cap-add SYS_PTRACE',
      error,
    );
  } finally {
    closeSync(file);
  }
}

/** The list of sockets with their numbers, which /proc does not show. */
async function openList(): Promise<OpenedSocketList> {
  const list = await openSocketList(null, { follow: true });
  if (list.withoutSockDiag === null) return list;
  throw new CapabilityError(
    `connections cannot be told apart without sock_diag: ${list.withoutSockDiag}`,
    'needs a kernel with CONFIG_INET_DIAG, and no sandbox that forbids netlink',
  );
}

function elapsedMs({ startedAtMs }: TreeWatch): number {
  return rounded(performance.now() - startedAtMs);
}

/** The processor's time that this process took since the watch began. */
function cpuMs({ startedCpu }: TreeWatch): number {
  const { user, system } = process.cpuUsage(startedCpu);
  return (user + system) / 1000;
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
