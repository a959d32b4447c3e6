/** Looks at the live TCP sockets of this host: sock_diag, who holds them, and their options, as far as rights reach. Changes nothing. */
import { CapabilityError, KernelError } from '../errors.ts';
import { inForeignProcess, readCookie, type Within } from '../linux/foreign-socket.ts';
import { type Libc, loadLibc } from '../linux/libc.ts';
import { inNetworkNamespaceOf } from '../linux/network-namespace.ts';
import { listProcNetTcp } from '../linux/proc-net-tcp.ts';
import { entryOf, type SockDiag, type SocketEntry, sockDiagOpener } from '../linux/sock-diag.ts';
import {
  blockedThreads,
  commandOf,
  eachSocketHolder,
  hidesProcesses,
  linkOpener,
  openLinks,
  readMounts,
  socketInode,
} from '../linux/socket-holders.ts';
import { readKeepalive, readReceiveTimeoutMs } from '../linux/socket-options.ts';
import { recognisedKeepalive } from '../policy/keepalive-signs.ts';
import { keepaliveFromTimer, nextProbeMs } from '../policy/live-keepalive.ts';
import { matchesEnds, matchesOwners, matchesRisk, type SocketFilter } from '../policy/socket-filter.ts';
import { isJudged, type RiskContext, socketRisk } from '../policy/socket-risk.ts';
import type { LiveSocket, OwnerSearch, SocketOwner } from '../report/sockets.ts';

/** What to look at, and how closely. */
interface LiveSocketsQuestion extends RiskContext {
  /** The states are what the kernel is asked for: none means none. */
  filter: SocketFilter;
  /** Whether to look for the processes, and through them at the options themselves; a filter by process looks for them anyway. */
  owners: boolean;
  /** Look through the descriptors of these processes only; left out: of all. */
  among?: readonly number[];
}

export interface LiveSocketsLook {
  source: 'sock-diag' | 'procfs';
  sockets: LiveSocket[];
  ownerSearch: OwnerSearch;
  /** The ports that something listens on: connections to these came from outside. */
  listeningPorts: ReadonlySet<number>;
  /** Why sock_diag was not to be had; null when it was. */
  withoutSockDiag: string | null;
  /** Why no options could be read from any socket; null when they could be tried. */
  withoutOptions: string | null;
  /** Whether the kernel's tables stood still while they were read: if not, sockets may be missing or twice there. */
  consistent: boolean;
}

/** A way to look again and again. */
export interface LiveSockets {
  look(question: LiveSocketsQuestion): LiveSocketsLook;
  close(): void;
}

/**
 * Prepares to look at the network namespace of process `pid`, or at kaprobe's own. Where netlink or koffi is not to be had, looks go to
 * /proc/net/tcp. Throws a UsageError when there is no such process and a CapabilityError when its namespace may not be entered.
 */
export async function openLiveSockets(pid: number | null = null): Promise<LiveSockets> {
  const libc = await loadLibc().catch(unlessMissing);
  const diag = await openDiag(pid).catch(unlessMissing);
  return {
    look: (question) => look(question, { libc, diag, pid }),
    close: () => {
      if (!(diag instanceof Error)) diag.close();
    },
  };
}

/** The reason in place of the thing: what cannot be had here is done without. */
function unlessMissing(error: unknown): CapabilityError | KernelError {
  if (error instanceof CapabilityError || error instanceof KernelError) return error;
  throw error;
}

async function openDiag(pid: number | null): Promise<SockDiag> {
  const open = await sockDiagOpener();
  return pid === null ? open() : inNetworkNamespaceOf(pid, open);
}

interface Means {
  libc: Libc | CapabilityError | KernelError;
  diag: SockDiag | CapabilityError | KernelError;
  pid: number | null;
}

function look(question: LiveSocketsQuestion, { libc, diag, pid }: Means): LiveSocketsLook {
  const { filter, among = null } = question;
  const { sockets: listed, ...origin } = list(filter, diag, pid);
  let sockets = listed;
  let ownerSearch: OwnerSearch = { kind: 'not-asked' };
  if (question.owners || filter.pids.length > 0 || filter.commands.length > 0) {
    ownerSearch = findOwners(sockets, among, libc instanceof Error ? openLinks : linkOpener(libc));
    sockets = sockets.filter((socket) => matchesOwners(filter, socket));
    addBlockedCalls(sockets);
    if (!(libc instanceof Error)) readOptions(libc, sockets);
  }
  for (const socket of sockets) socket.risk = socketRisk(socket, question);
  return {
    ...origin,
    sockets: filter.risks.length === 0 ? sockets : sockets.filter((socket) => matchesRisk(filter, socket)),
    ownerSearch,
    withoutOptions: libc instanceof Error ? libc.message : null,
  };
}

type Listing = Pick<LiveSocketsLook, 'source' | 'sockets' | 'listeningPorts' | 'withoutSockDiag' | 'consistent'>;

/** All sockets whose state and ends are as asked. */
function list(filter: SocketFilter, diag: Means['diag'], pid: number | null): Listing {
  let sockets: LiveSocket[] = [];
  const prefixes = new Map<string, string>();
  const add = (entry: SocketEntry): void => {
    const socket = describe(entry, prefixes);
    if (matchesEnds(filter, socket)) sockets.push(socket);
  };
  let missing = diag instanceof Error ? diag : null;
  if (!(diag instanceof Error)) {
    try {
      const consistent = diag.each({ states: filter.states, withInfo: true }, add);
      const listeningPorts = new Set<number>();
      diag.each({ states: ['listen'], withInfo: false }, ({ localPort }) => listeningPorts.add(localPort));
      return { source: 'sock-diag', sockets, listeningPorts, withoutSockDiag: null, consistent };
    } catch (error) {
      missing = unlessMissing(error);
      sockets = [];
    }
  }
  for (const socket of listProcNetTcp(filter.states, pid)) add(entryOf(socket));
  const listeningPorts = new Set(listProcNetTcp(['listen'], pid).map(({ localPort }) => localPort));
  return { source: 'procfs', sockets, listeningPorts, withoutSockDiag: missing?.message ?? null, consistent: true };
}

/** Shared by all that have none, so that a hundred thousand lists need not be made: replaced, never added to. */
const NOBODY: SocketOwner[] = [];

function describe(entry: SocketEntry, prefixes: Map<string, string>): LiveSocket {
  const { state, timer, timerExpiresMs } = entry;
  const keepalive = keepaliveFromTimer(state, timer, timerExpiresMs);
  return {
    family: entry.family,
    local: prefixOf(entry.localAddress, prefixes) + entry.localPort,
    remote: prefixOf(entry.remoteAddress, prefixes) + entry.remotePort,
    state,
    inode: entry.inode,
    cookie: entry.cookie,
    uid: entry.uid,
    owners: NOBODY,
    keepalive,
    recognised: null,
    nextProbeMs: keepalive.source === 'timer' && keepalive.enabled ? timerExpiresMs : null,
    lastReceivedMs: entry.lastDataReceivedMs,
    lastSentMs: entry.lastDataSentMs,
    lastAcknowledgedMs: entry.lastAckReceivedMs,
    unacked: entry.unackedSegments,
    retransmits: entry.retransmits,
    unansweredProbes: entry.unansweredProbes,
    receiveTimeoutMs: null,
    verified: null,
    risk: null,
  };
}

/** `192.0.2.1:` or `[2001:db8::1]:`; the same addresses come time and again. */
function prefixOf(address: string, prefixes: Map<string, string>): string {
  let prefix = prefixes.get(address);
  if (prefix === undefined) {
    prefix = address.includes(':') ? `[${address}]:` : `${address}:`;
    prefixes.set(address, prefix);
  }
  return prefix;
}

function findOwners(
  sockets: readonly LiveSocket[],
  among: readonly number[] | null,
  openLinks: Parameters<typeof eachSocketHolder>[2],
): OwnerSearch {
  const byInode = new Map<number, LiveSocket>();
  for (const socket of sockets) if (socket.inode !== 0) byInode.set(socket.inode, socket);
  const commands = new Map<number, string | null>();
  const hiddenPids = eachSocketHolder(among, '/proc', openLinks, (inode, pid, fd) => {
    const socket = byInode.get(inode);
    if (socket === undefined) return;
    let command = commands.get(pid);
    if (command === undefined) {
      command = commandIfStill(pid, fd, inode);
      commands.set(pid, command);
    }
    const owner: SocketOwner = { pid, command, fd, blockedIn: null };
    if (socket.owners === NOBODY) socket.owners = [owner];
    else socket.owners.push(owner);
  });
  return { kind: 'searched', hiddenProcesses: hiddenPids.length, processesInvisible: hidesProcesses(readMounts()) };
}

/** The command's name, if the process that has the number now still holds the socket: numbers are given again. */
function commandIfStill(pid: number, fd: number, inode: number): string | null {
  const command = commandOf(pid);
  return socketInode(`/proc/${pid}/fd/${fd}`) === inode ? command : null;
}

function addBlockedCalls(sockets: readonly LiveSocket[]): void {
  const calls = new Map<number, Map<number, string>>();
  for (const socket of sockets) {
    for (const owner of socket.owners) {
      let ofProcess = calls.get(owner.pid);
      if (ofProcess === undefined) {
        ofProcess = new Map(blockedThreads(owner.pid)?.map(({ fd, syscall }) => [fd, syscall]));
        calls.set(owner.pid, ofProcess);
      }
      owner.blockedIn = ofProcess.get(owner.fd) ?? null;
    }
  }
}

/** Replaces what was concluded by what the sockets themselves say, wherever a holder lets kaprobe duplicate its descriptor. */
function readOptions(libc: Libc, sockets: readonly LiveSocket[]): void {
  const byProcess = new Map<number, LiveSocket[]>();
  for (const socket of sockets) {
    if (socket.cookie === null || !(isJudged(socket) || socket.state === 'listen')) continue;
    for (const { pid } of socket.owners) {
      const held = byProcess.get(pid);
      if (held === undefined) byProcess.set(pid, [socket]);
      else held.push(socket);
    }
  }
  for (const [pid, held] of byProcess) {
    attempt(() =>
      inForeignProcess(libc, pid, (within) => {
        for (const socket of held) readThrough(libc, pid, socket, within);
      }),
    );
  }
}

function readThrough(libc: Libc, pid: number, socket: LiveSocket, within: Within): void {
  for (const owner of socket.owners) {
    // Another of its holders may have told already.
    if (socket.cookie === null || socket.keepalive.source === 'getsockopt') return;
    if (owner.pid !== pid) continue;
    const { cookie } = socket;
    attempt(() =>
      within(owner.fd, (duplicate) => {
        if (readCookie(libc, duplicate) === cookie) addOptions(libc, duplicate, socket);
      }),
    );
  }
}

/** No right to a process or a descriptor, or it is gone: others may do, and else there is what the timer tells. */
function attempt(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
  }
}

function addOptions(libc: Libc, duplicate: number, socket: LiveSocket): void {
  const { enabled, idleMs, intervalMs, count, userTimeoutMs } = readKeepalive(libc, duplicate);
  const keepalive = { source: 'getsockopt', enabled, idleMs, intervalMs, count, userTimeoutMs } as const;
  const earliestMs = socket.nextProbeMs;
  socket.keepalive = keepalive;
  socket.recognised = recognisedKeepalive(keepalive);
  socket.nextProbeMs = earliestMs === null ? null : nextProbeMs(keepalive, earliestMs, socket);
  if (socket.owners.some(({ blockedIn }) => blockedIn !== null))
    socket.receiveTimeoutMs = readReceiveTimeoutMs(libc, duplicate);
}
