/** Looks at the live TCP sockets of this host: sock_diag, who holds them, and their options, as far as rights reach. Changes nothing. */
import { CapabilityError, KernelError } from '../errors.ts';
import { hasCookie, inForeignProcess, type Within } from '../linux/foreign-socket.ts';
import { type Libc, loadLibc } from '../linux/libc.ts';
import { inNetworkNamespaceOf } from '../linux/network-namespace.ts';
import { listProcNetTcp } from '../linux/proc-net-tcp.ts';
import { type DiagMessage, messageOf, SOCKET_TIMERS, type SockDiag, sockDiagOpener } from '../linux/sock-diag.ts';
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
import { rowAdder } from '../linux/socket-rows.ts';
import { recognisedKeepalive } from '../policy/keepalive-signs.ts';
import { keepaliveFromTimer, nextProbeMs, type TimerKind } from '../policy/live-keepalive.ts';
import { isLocal, matchesEnds, matchesOwners, matchesRisk, type SocketFilter } from '../policy/socket-filter.ts';
import { isJudged, judgeRows, type RiskContext } from '../policy/socket-risk.ts';
import {
  addExtras,
  allRows,
  CELL,
  cellOf,
  eachSocket,
  emptySocketTable,
  filterRows,
  KNOWN_BY,
  NONE,
  numberer,
  ROW_CELLS,
  SocketCursor,
  type SocketRows,
  type SocketTable,
  socketsOf,
} from '../report/socket-table.ts';
import type { LiveSocket, OwnerSearch } from '../report/sockets.ts';
import { TCP_STATES, type TcpState } from '../report/tcp-state.ts';

/** What to look at, and how closely. */
interface LiveSocketsQuestion extends RiskContext {
  /** The states are what the kernel is asked for: none means none. */
  filter: SocketFilter;
  /** Whether to look for the processes, and through them at the options themselves; a filter by process looks for them anyway. */
  owners: boolean;
  /** Look through the descriptors of these processes only; left out: of all. */
  among?: readonly number[];
}

/** What was seen, with the sockets in rows. */
export interface LiveSocketsSurvey {
  source: 'sock-diag' | 'procfs';
  list: SocketRows;
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

/** The same with an object for each socket. */
interface LiveSocketsLook extends Omit<LiveSocketsSurvey, 'list'> {
  sockets: LiveSocket[];
}

/** A way to look again and again. */
export interface LiveSockets {
  look(question: LiveSocketsQuestion): LiveSocketsLook;
  survey(question: LiveSocketsQuestion): LiveSocketsSurvey;
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
    look: (question) => {
      const { list, ...seen } = survey(question, { libc, diag, pid });
      return { ...seen, sockets: socketsOf(list) };
    },
    survey: (question) => survey(question, { libc, diag, pid }),
    close: () => {
      if (!(diag instanceof Error)) diag.close();
    },
  };
}

/** The reason in place of the thing: what cannot be had here is done without. */
export function unlessMissing(error: unknown): CapabilityError | KernelError {
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

function survey(question: LiveSocketsQuestion, { libc, diag, pid }: Means): LiveSocketsSurvey {
  const { filter, among = null } = question;
  const { table, ...origin } = listAll(filter, diag, pid);
  let list = allRows(table);
  let ownerSearch: OwnerSearch = { kind: 'not-asked' };
  if (question.owners || filter.pids.length > 0 || filter.commands.length > 0) {
    ownerSearch = findOwners(table, among, libc instanceof Error ? openLinks : linkOpener(libc));
    if (filter.pids.length > 0 || filter.commands.length > 0)
      list = filterRows(list, (socket) => matchesOwners(filter, socket));
    addBlockedCalls(list);
    if (!(libc instanceof Error)) readOptions(libc, list);
  }
  judgeRows(list, question);
  return {
    ...origin,
    list: filter.risks.length === 0 ? list : filterRows(list, (socket) => matchesRisk(filter, socket)),
    ownerSearch,
    withoutOptions: libc instanceof Error ? libc.message : null,
  };
}

type Listing = Pick<LiveSocketsSurvey, 'source' | 'listeningPorts' | 'withoutSockDiag' | 'consistent'> & {
  table: SocketTable;
};

/** All sockets whose state and ends are as asked. */
function listAll(filter: SocketFilter, diag: Means['diag'], pid: number | null): Listing {
  let missing = diag instanceof Error ? diag : null;
  if (!(diag instanceof Error)) {
    try {
      const table = emptySocketTable();
      const consistent = diag.each({ states: filter.states, withInfo: true }, adder(table, filter));
      const listeningPorts = new Set<number>();
      diag.each({ states: ['listen'], withInfo: false }, ({ localPort }) => listeningPorts.add(localPort));
      return { source: 'sock-diag', table, listeningPorts, withoutSockDiag: null, consistent };
    } catch (error) {
      missing = unlessMissing(error);
    }
  }
  const table = emptySocketTable();
  const add = adder(table, filter);
  for (const socket of listProcNetTcp(filter.states, pid)) add(messageOf(socket));
  const listeningPorts = new Set(listProcNetTcp(['listen'], pid).map(({ localPort }) => localPort));
  return { source: 'procfs', table, listeningPorts, withoutSockDiag: missing?.message ?? null, consistent: true };
}

/** Adds to the table what the filter admits, as far as the kernel's list tells. */
function adder(table: SocketTable, filter: SocketFilter): (message: DiagMessage) => void {
  const asksForEnds = filter.local.length + filter.remote.length + filter.ports.length > 0;
  const { hosts } = table;
  const addRowOf = rowAdder(table);
  const socket = new SocketCursor(table);
  /** By state and timer. */
  const keepalives: number[] = Array.from(TCP_STATES, (state) =>
    SOCKET_TIMERS.map((timer) => keepaliveNumber(table, state, timer)),
  ).flat();
  /** By their numbers in `hosts`. */
  const isLoopback: boolean[] = [];
  return (message) => {
    socket.row = table.rows;
    const at = addRowOf(message);
    if (asksForEnds && !matchesEnds(filter, socket)) {
      table.rows -= 1;
      return;
    }
    const { cells } = table;
    const timer = SOCKET_TIMERS.length * (cells[at + CELL.state] ?? 0) + (cells[at + CELL.timer] ?? 0);
    const keepalive = keepalives[timer] ?? NONE;
    cells[at + CELL.keepalive] = keepalive;
    cells[at + CELL.nextProbeMs] = keepalive === KNOWN_BY.timerOn ? (cells[at + CELL.idleMs] ?? 0) : NONE;
    while (isLoopback.length < hosts.length)
      isLoopback.push(isLocal({ local: '', remote: hosts[isLoopback.length] ?? '' }));
    const remoteHost = cells[at + CELL.remoteHost] ?? 0;
    cells[at + CELL.isLocal] = remoteHost === cells[at + CELL.localHost] || isLoopback[remoteHost] === true ? 1 : 0;
  };
}

/** What stands in the cell of the keepalive of a socket that is known by its timer. */
function keepaliveNumber({ otherKeepalives }: SocketTable, state: TcpState, timer: TimerKind | null): number {
  const keepalive = keepaliveFromTimer(state, timer, 0);
  if (keepalive.source !== 'unmeasured') return keepalive.enabled ? KNOWN_BY.timerOn : KNOWN_BY.timerOff;
  return KNOWN_BY.other + otherKeepalives.push(keepalive) - 1;
}

function findOwners(
  table: SocketTable,
  among: readonly number[] | null,
  openLinks: Parameters<typeof eachSocketHolder>[2],
): OwnerSearch {
  const { cells, commands } = table;
  const byInode = new Map<number, number>();
  for (let row = 0; row < table.rows; row += 1) {
    const inode = cells[row * ROW_CELLS + CELL.inode] ?? 0;
    if (inode !== 0) byInode.set(inode, row);
  }
  const cursor = new SocketCursor(table);
  const hiddenPids = eachSocketHolder(among, '/proc', openLinks, (inode, pid, fd) => {
    const row = byInode.get(inode);
    if (row === undefined) return;
    if (!commands.has(pid)) commands.set(pid, commandIfStill(pid, fd, inode));
    const at = row * ROW_CELLS;
    if (cells[at + CELL.ownerPid] === NONE) {
      cells[at + CELL.ownerPid] = pid;
      cells[at + CELL.ownerFd] = fd;
    } else {
      cursor.row = row;
      const owner = { pid, command: commands.get(pid) ?? null, fd, blockedIn: null };
      addExtras(table, row, { owners: [...cursor.owners, owner] });
    }
  });
  return { kind: 'searched', hiddenProcesses: hiddenPids.length, processesInvisible: hidesProcesses(readMounts()) };
}

/** The command's name, if the process that has the number now still holds the socket: numbers are given again. */
function commandIfStill(pid: number, fd: number, inode: number): string | null {
  const command = commandOf(pid);
  return socketInode(`/proc/${pid}/fd/${fd}`) === inode ? command : null;
}

function addBlockedCalls(list: SocketRows): void {
  const calls = new Map<number, Map<number, string>>();
  eachSocket(list, ({ row, owners }) => {
    let isBlocked = false;
    for (const owner of owners) {
      let ofProcess = calls.get(owner.pid);
      if (ofProcess === undefined) {
        ofProcess = new Map(blockedThreads(owner.pid)?.map(({ fd, syscall }) => [fd, syscall]));
        calls.set(owner.pid, ofProcess);
      }
      owner.blockedIn = ofProcess.get(owner.fd) ?? null;
      isBlocked ||= owner.blockedIn !== null;
    }
    if (isBlocked) addExtras(list.table, row, { owners });
  });
}

/** Replaces what was concluded by what the sockets themselves say, wherever a holder lets kaprobe duplicate its descriptor. */
function readOptions(libc: Libc, list: SocketRows): void {
  const byProcess = new Map<number, number[]>();
  eachSocket(list, (socket) => {
    if (!(isJudged(socket) || socket.state === 'listen')) return;
    for (const { pid } of socket.owners) {
      const held = byProcess.get(pid);
      if (held === undefined) byProcess.set(pid, [socket.row]);
      else held.push(socket.row);
    }
  });
  const read = optionReader(libc, list.table);
  for (const [pid, held] of byProcess) {
    attempt(() =>
      inForeignProcess(libc, pid, (within) => {
        for (const row of held) read(row, pid, within);
      }),
    );
  }
}

/** Reads the options of the socket of a row through the descriptors that a process has of it. */
function optionReader(libc: Libc, table: SocketTable): (row: number, pid: number, within: Within) => void {
  const { cells, extras } = table;
  const socket = new SocketCursor(table);
  const recognisedNumber = numberer(table.recognised);
  const addOptions = (duplicate: number): void => {
    const at = socket.row * ROW_CELLS;
    const low = cells[at + CELL.cookieLow] ?? NONE;
    const high = cells[at + CELL.cookieHigh] ?? NONE;
    if (!hasCookie(libc, duplicate, low, high)) return;
    const keepalive = { source: 'getsockopt', ...readKeepalive(libc, duplicate) } as const;
    const recognised = recognisedKeepalive(keepalive);
    const earliestMs = socket.nextProbeMs;
    cells[at + CELL.keepalive] = keepalive.enabled ? KNOWN_BY.exactOn : KNOWN_BY.exactOff;
    cells[at + CELL.idleMs] = keepalive.idleMs;
    cells[at + CELL.intervalMs] = keepalive.intervalMs;
    cells[at + CELL.count] = keepalive.count;
    cells[at + CELL.userTimeoutMs] = keepalive.userTimeoutMs;
    if (recognised !== null) cells[at + CELL.recognised] = recognisedNumber(recognised);
    if (earliestMs !== null) cells[at + CELL.nextProbeMs] = cellOf(nextProbeMs(keepalive, earliestMs, socket));
    if (extras.size > 0 && socket.owners.some(({ blockedIn }) => blockedIn !== null))
      addExtras(table, socket.row, { receiveTimeoutMs: readReceiveTimeoutMs(libc, duplicate) });
  };
  const through = (fd: number, within: Within): void => attempt(() => within(fd, addOptions));
  return (row, pid, within) => {
    socket.row = row;
    for (const owner of socket.owners) {
      // Another of its holders may have told already.
      if (socket.keepalive.source === 'getsockopt') return;
      if (owner.pid === pid) through(owner.fd, within);
    }
  };
}

/** No right to a process or a descriptor, or it is gone: others may do, and else there is what the timer tells. */
function attempt(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
  }
}
