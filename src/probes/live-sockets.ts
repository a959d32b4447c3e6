/** Looks at the live TCP sockets of this host: sock_diag, who holds them, and their options, as far as rights reach. Changes nothing. */
import { CapabilityError, KernelError } from '../errors.ts';
import { withForeignSocket } from '../linux/foreign-socket.ts';
import { type Libc, loadLibc } from '../linux/libc.ts';
import { inNetworkNamespaceOf } from '../linux/network-namespace.ts';
import { listProcNetTcp } from '../linux/proc-net-tcp.ts';
import { type DiagSocket, type SockDiag, sockDiagOpener } from '../linux/sock-diag.ts';
import {
  blockedThreads,
  commandOf,
  hidesProcesses,
  readMounts,
  type SocketHolder,
  scanSocketHolders,
  socketInode,
} from '../linux/socket-holders.ts';
import { readKeepalive, readReceiveTimeoutMs } from '../linux/socket-options.ts';
import { recognisedKeepalive } from '../policy/keepalive-signs.ts';
import { keepaliveFromTimer, nextProbeMs } from '../policy/live-keepalive.ts';
import { endpoint, matchesEnds, matchesOwners, matchesRisk, type SocketFilter } from '../policy/socket-filter.ts';
import { isJudged, type RiskContext, socketRisk } from '../policy/socket-risk.ts';
import type { LiveSocket, OwnerSearch } from '../report/sockets.ts';
import type { TcpState } from '../report/tcp-state.ts';

/** What to look at, and how closely. */
export interface LiveSocketsQuestion extends RiskContext {
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
  const { source, reason, consistent, sockets: listed } = list(filter.states, diag, pid);
  let found = listed.map(describe).filter(({ socket }) => matchesEnds(filter, socket));
  let ownerSearch: OwnerSearch = { kind: 'not-asked' };
  if (question.owners || filter.pids.length > 0 || filter.commands.length > 0) {
    ownerSearch = findOwners(found, among);
    found = found.filter(({ socket }) => matchesOwners(filter, socket));
    addBlockedCalls(found);
    if (!(libc instanceof Error)) readOptions(libc, found);
  }
  for (const { socket, timer } of found) {
    if (socket.keepalive.source === 'getsockopt') socket.recognised = recognisedKeepalive(socket.keepalive);
    socket.nextProbeMs = nextProbeMs(socket.keepalive, timer, socket);
    socket.risk = socketRisk(socket, question);
  }
  return {
    source,
    sockets: found.map(({ socket }) => socket).filter((socket) => matchesRisk(filter, socket)),
    ownerSearch,
    withoutSockDiag: reason,
    withoutOptions: libc instanceof Error ? libc.message : null,
    consistent,
  };
}

interface Listing {
  source: LiveSocketsLook['source'];
  reason: string | null;
  consistent: boolean;
  sockets: DiagSocket[];
}

function list(states: readonly TcpState[], diag: Means['diag'], pid: number | null): Listing {
  let missing = diag instanceof Error ? diag : null;
  if (!(diag instanceof Error)) {
    try {
      return { source: 'sock-diag', reason: null, ...diag.list({ states, withInfo: true }) };
    } catch (error) {
      missing = unlessMissing(error);
    }
  }
  return {
    source: 'procfs',
    reason: missing?.message ?? null,
    consistent: true,
    sockets: listProcNetTcp(states, pid),
  };
}

/** A socket under way, with what only the inference needs. */
interface Found {
  socket: LiveSocket;
  timer: DiagSocket['timer'];
}

function describe(diag: DiagSocket): Found {
  const { family, state, inode, cookie, uid, timer, info } = diag;
  const socket: LiveSocket = {
    family,
    local: endpoint(diag.localAddress, diag.localPort),
    remote: endpoint(diag.remoteAddress, diag.remotePort),
    state,
    inode,
    cookie,
    uid,
    owners: [],
    keepalive: keepaliveFromTimer(state, timer),
    recognised: null,
    nextProbeMs: null,
    lastReceivedMs: info?.lastDataReceivedMs ?? null,
    lastSentMs: info?.lastDataSentMs ?? null,
    lastAcknowledgedMs: info?.lastAckReceivedMs ?? null,
    unacked: info?.unackedSegments ?? null,
    retransmits: info?.retransmits ?? null,
    unansweredProbes: info?.unansweredProbes ?? null,
    receiveTimeoutMs: null,
    verified: null,
    risk: null,
  };
  return { socket, timer };
}

function findOwners(found: readonly Found[], among: readonly number[] | null): OwnerSearch {
  const byInode = new Map(found.map(({ socket }) => [socket.inode, socket]));
  byInode.delete(0);
  const { holders, hiddenPids } = scanSocketHolders(byInode, among);
  const commands = new Map<number, string | null>();
  for (const [inode, processes] of holders) {
    const socket = byInode.get(inode);
    if (socket === undefined) continue;
    for (const holder of processes) {
      if (!commands.has(holder.pid)) commands.set(holder.pid, commandIfStill(holder, inode));
      socket.owners.push({ ...holder, command: commands.get(holder.pid) ?? null, blockedIn: null });
    }
  }
  return { kind: 'searched', hiddenProcesses: hiddenPids.length, processesInvisible: hidesProcesses(readMounts()) };
}

/** The command's name, if the process that has the number now still holds the socket: numbers are given again. */
function commandIfStill({ pid, fd }: SocketHolder, inode: number): string | null {
  const command = commandOf(pid);
  return socketInode(`/proc/${pid}/fd/${fd}`) === inode ? command : null;
}

function addBlockedCalls(found: readonly Found[]): void {
  const calls = new Map<number, Map<number, string>>();
  for (const { socket } of found) {
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
function readOptions(libc: Libc, found: readonly Found[]): void {
  for (const { socket } of found) {
    const { cookie } = socket;
    if (cookie === null || !(isJudged(socket) || socket.state === 'listen')) continue;
    const mayWait = socket.owners.some(({ blockedIn }) => blockedIn !== null);
    for (const { pid, fd } of socket.owners) {
      try {
        const read = withForeignSocket(libc, { pid, fd, cookie }, (duplicate) => ({
          keepalive: readKeepalive(libc, duplicate),
          receiveTimeoutMs: mayWait ? readReceiveTimeoutMs(libc, duplicate) : null,
        }));
        if (read === null) continue;
        socket.keepalive = { source: 'getsockopt', ...read.keepalive };
        socket.receiveTimeoutMs = read.receiveTimeoutMs;
        break;
      } catch (error) {
        // No right to this holder, or it is gone: the next may do, and else there is what the timer tells.
        if (!(error instanceof KernelError)) throw error;
      }
    }
  }
}
