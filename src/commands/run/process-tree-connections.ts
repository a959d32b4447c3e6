/** Watches, by looking again and again, which TCP connections this process's children and all of theirs hold, and with which options. */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { endpoint, portOf } from '../../base/endpoint.ts';
import { CapabilityError, KernelError } from '../../base/errors.ts';
import { CONNECTION_STATES } from '../../base/tcp-state.ts';
import { readCookie, withForeignDescriptor } from '../../linux/foreign-socket.ts';
import { type KernelSocket, readSockets } from '../../linux/kernel-socket.ts';
import type { Libc } from '../../linux/libc.ts';
import { descendantsOf, hasEnded, reapOrphans } from '../../linux/procfs/process-tree.ts';
import { commandOf, type SocketHolder, scanSocketHolders } from '../../linux/procfs/socket-holders.ts';
import { readKeepalive } from '../../linux/socket-options.ts';
import { readTcpInfo } from '../../linux/tcp-info.ts';
import { formatSocketAddress, isTcpSocket } from '../../linux/tcp-socket.ts';
import { unmeasured } from '../../report/values.ts';
import { type OpenedSocketList, openSocketList } from '../../sockets/socket-list.ts';
import { afterLook, type Look, type SeenConnection } from './connection-log.ts';
import { nextLook, STARTING_PACE } from './look-interval.ts';
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

/** Under way; what it throws while looking is thrown by `stop`. */
export interface TreeWatch {
  /** Looks for the first time, now that there is a child: `pid` is waited for by somebody else. */
  begin(pid: number): void;
  stop(): WatchedTree;
}

/**
 * Gets ready, so that `begin` can look at once. This process becomes the parent of those descendants whose own parent ends: daemons stay in the
 * tree. Rejects with a KernelError where the kernel's list of sockets is not to be had, and with a CapabilityError where descriptors cannot be
 * duplicated at all.
 */
export async function watchProcessTree(libc: Libc): Promise<TreeWatch> {
  tryToDuplicate(libc);
  const list = await openList();
  const { destroyed } = list;
  libc.becomeSubreaper();

  let startedAtMs = performance.now();
  let startedCpu = process.cpuUsage();
  const log = new Map<string, SeenConnection>();
  const unlisted = new Set<string>();
  /** Inodes of the tree that are no TCP sockets, or listen. */
  const others = new Set<number>();
  const pids = new Set<number>();
  const denied = new Map<number, WatchedTree['denied'][number]>();
  /** Processes whose descriptors may not be seen, with their names. */
  const hidden = new Map<number, string | null>();
  const listening = new Set<number>();
  /** The cookies of those that were there before the command, or were met while somebody held them. */
  const met = new Set<string>();
  /** How many outgoing ones ended that were not met, by their remote end. */
  const unseen = new Map<string, number>();
  let gapsMs = 0;
  let longestGapMs = 0;
  let own = -1;
  let looks = 0;
  let lost = false;
  let look: Look = { atMs: 0, previousMs: 0 };
  let listedAtMs = 0;
  let listCostMs = 0;
  let pace = STARTING_PACE;
  let spentMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let failure: unknown = null;

  const now = (): number => rounded(performance.now() - startedAtMs);
  const cpuMs = (): number => {
    const { user, system } = process.cpuUsage(startedCpu);
    return (user + system) / 1000;
  };

  const listAll = (): readonly KernelSocket[] => {
    listedAtMs = now();
    const beforeMs = cpuMs();
    const { sockets } = readSockets(list, { states: CONNECTION_STATES, withInfo: false });
    listCostMs = cpuMs() - beforeMs;
    return sockets;
  };

  const meet = ({ cookie }: KernelSocket): void => {
    if (cookie !== null) met.add(cookie);
  };

  /** Held before the tree was looked at and after it, and not by the tree: then somebody else does. Held before only, it may have been the tree's. */
  const meetOthers = (before: readonly KernelSocket[], tree: { has(inode: number): boolean }): void => {
    const held = new Set(before.filter(({ inode }) => inode !== 0).map(({ cookie }) => cookie));
    for (const socket of listAll())
      if (socket.inode !== 0 && held.has(socket.cookie) && !tree.has(socket.inode)) meet(socket);
  };

  const listIsCheap = (): boolean => listCostMs < LIST_COST_MS;

  const noteListeners = (): void => {
    for (const { localPort } of readSockets(list, { states: ['listen'], withInfo: false }).sockets)
      listening.add(localPort);
  };

  const noteUnseen = ({ cookie, localPort, remoteAddress, remotePort }: KernelSocket): void => {
    if (cookie === null || met.delete(cookie) || log.has(cookie) || unlisted.has(cookie)) return;
    if (remotePort === 0 || listening.has(localPort)) return;
    const remote = endpoint(remoteAddress, remotePort);
    const key = unseen.has(remote) || unseen.size < MOST_REMOTES ? remote : OTHER_REMOTES;
    unseen.set(key, (unseen.get(key) ?? 0) + 1);
  };

  const takeDestroyed = (): void => {
    if (destroyed === null || destroyed instanceof Error) return;
    const taken = destroyed.take();
    lost ||= taken.lost;
    for (const socket of taken.sockets) noteUnseen(socket);
  };

  const note = ({ cookie, local, remote, state, keepalive }: Connected, { pid }: SocketHolder): void => {
    const before = log.get(cookie) ?? null;
    if (before === null && log.size >= MOST_CONNECTIONS) {
      unlisted.add(cookie);
      return;
    }
    if (before === null) noteListeners();
    const sighting = {
      direction: listening.has(portOf(local)) ? ('incoming' as const) : ('outgoing' as const),
      local,
      remote: remote ?? before?.remote ?? remoteOf(cookie),
      pid,
      command: before === null ? commandOf(pid) : before.command,
      state,
      keepalive,
    };
    log.set(cookie, afterLook(before, sighting, look));
  };

  const remoteOf = (cookie: string): string => {
    const { sockets } = readSockets(list, { states: ['syn-sent'], withInfo: false });
    const socket = sockets.find((each) => each.cookie === cookie);
    return socket === undefined ? 'unknown' : endpoint(socket.remoteAddress, socket.remotePort);
  };

  /** Asks its holders in turn until one lets it be seen. */
  const lookAt = (inode: number, holders: readonly SocketHolder[]): void => {
    for (const holder of holders) {
      const reading = read(libc, inode, holder);
      if (reading.kind === 'connected') note(reading, holder);
      if (reading.kind === 'listening') listening.add(reading.port);
      if (reading.kind === 'listening' || reading.kind === 'other') others.add(inode);
      if (reading.kind === 'denied') {
        const { pid } = holder;
        if (!denied.has(pid)) denied.set(pid, { pid, command: commandOf(pid), reason: reading.reason });
      } else if (reading.kind !== 'gone') return;
    }
  };

  const lookAround = (): void => {
    const { atMs: previousMs } = look;
    look = { atMs: now(), previousMs };
    looks += 1;
    takeDestroyed();
    const before = look.atMs - listedAtMs >= LIST_EVERY_MS && listIsCheap() ? listAll() : null;
    reapOrphans(libc, [own]);
    const tree = descendantsOf(process.pid);
    for (const pid of tree) pids.add(pid);
    const { holders, hiddenPids } = scanSocketHolders(EVERY_INODE, tree);
    for (const pid of tree) if (!hiddenPids.includes(pid)) hidden.delete(pid);
    // What has ended and waits to be noticed is hidden from all but root, and holds nothing any more.
    for (const pid of hiddenPids) if (!hidden.has(pid) && !hasEnded(pid)) hidden.set(pid, commandOf(pid));
    if (before !== null) meetOthers(before, holders);
    for (const inode of others) if (!holders.has(inode)) others.delete(inode);
    for (const [inode, by] of holders) if (!others.has(inode)) lookAt(inode, by);
    if (looks === 1) return;
    const gapMs = now() - previousMs;
    gapsMs += gapMs;
    longestGapMs = Math.max(longestGapMs, gapMs);
  };

  const goOn = (): void => {
    try {
      lookAround();
      const usedMs = cpuMs();
      const next = nextLook(pace, usedMs - spentMs);
      spentMs = usedMs;
      pace = next.pace;
      timer = setTimeout(goOn, next.waitMs);
    } catch (error) {
      failure = error;
    }
  };

  listAll().forEach(meet);
  noteListeners();

  return {
    begin: (pid) => {
      own = pid;
      startedAtMs = performance.now();
      startedCpu = process.cpuUsage();
      listedAtMs = 0;
      goOn();
    },
    stop: () => {
      clearTimeout(timer);
      try {
        if (failure !== null) throw failure;
        takeDestroyed();
        // Closed, and not freed yet: the far end has not answered.
        const left = listIsCheap() ? readSockets(list, { states: CONNECTION_STATES, withInfo: false }).sockets : [];
        for (const socket of left) if (socket.inode === 0) noteUnseen(socket);
        const connections = [...log.values()];
        return {
          sampling: {
            looks,
            meanGapMs: looks < 2 ? null : rounded(gapsMs / (looks - 1)),
            longestGapMs: looks < 2 ? null : rounded(longestGapMs),
            cpuMs: Math.round(cpuMs()),
          },
          processCount: pids.size,
          leftRunning: descendantsOf(process.pid).filter((pid) => pid !== own).length,
          connections,
          unlisted: unlisted.size,
          unseen:
            destroyed instanceof Error
              ? unmeasured(`the kernel does not tell which sockets are freed: ${destroyed.message}`)
              : lost
                ? unmeasured('more sockets were freed at once than the kernel keeps word of')
                : countUnseen(unseen, connections),
          denied: [
            ...denied.values(),
            ...[...hidden].map(([pid, command]) => ({
              pid,
              command,
              reason: 'its descriptors are hidden from this user',
            })),
          ],
        };
      } finally {
        list.close();
      }
    },
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

/** A connection as its own descriptor shows it, in whatever network namespace it is. */
interface Connected extends Pick<SeenConnection, 'state' | 'keepalive'> {
  kind: 'connected';
  cookie: string;
  local: string;
  /** null: not connected yet, when getpeername(2) does not tell. */
  remote: string | null;
}

type Reading =
  | Connected
  | { kind: 'listening'; port: number }
  | { kind: 'unconnected' | 'other' | 'gone' }
  | { kind: 'denied'; reason: string };

/** Looks at a socket through a duplicate of its holder's descriptor. */
function read(libc: Libc, inode: number, holder: SocketHolder): Reading {
  try {
    return withForeignDescriptor(libc, holder, (fd): Reading => {
      // Closed and used again since the descriptors were listed.
      if (fstatSync(fd).ino !== inode) return { kind: 'gone' };
      if (!isTcpSocket(libc, fd)) return { kind: 'other' };
      const { state } = readTcpInfo(libc, fd);
      const local = formatSocketAddress(libc.getsockname(fd));
      if (state === 'listen') return { kind: 'listening', port: portOf(local) };
      if (state === 'closed') return { kind: 'unconnected' };
      return {
        kind: 'connected',
        cookie: readCookie(libc, fd),
        local,
        remote: state === 'syn-sent' ? null : formatSocketAddress(libc.getpeername(fd)),
        state,
        keepalive: readKeepalive(libc, fd),
      };
    });
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return ['EPERM', 'EACCES', 'ENOSYS', 'EMFILE'].includes(error.errno)
      ? { kind: 'denied', reason: error.message }
      : { kind: 'gone' };
  }
}

function countUnseen(unseen: ReadonlyMap<string, number>, connections: readonly SeenConnection[]): RunData['unseen'] {
  const seen = new Set(connections.filter(({ direction }) => direction === 'outgoing').map(({ remote }) => remote));
  const sum = (counts: readonly (readonly [string, number])[]): number =>
    counts.reduce((all, [, count]) => all + count, 0);
  const counts = [...unseen];
  return { kind: 'counted', outgoing: sum(counts), toSeenRemotes: sum(counts.filter(([remote]) => seen.has(remote))) };
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
