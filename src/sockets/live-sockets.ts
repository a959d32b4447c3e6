/** Looks at the live TCP sockets of this host: sock_diag, who holds them, and their options, as far as rights reach. Changes nothing. */
import { CapabilityError, KernelError } from '../base/errors.ts';
import { TCP_STATES, type TcpState } from '../base/tcp-state.ts';
import { HELD, HELD_CELLS, type HeldSockets, hasManySockets, readHeldSockets } from '../linux/bpf/held-sockets.ts';
import { withForeignSocket } from '../linux/foreign-socket.ts';
import { type Libc, loadLibc } from '../linux/libc.ts';
import {
  type DiagMessage,
  messageOf,
  SOCKET_TIMERS,
  type SockDiag,
  sockDiagOpener,
} from '../linux/netlink/sock-diag.ts';
import { rowAdder } from '../linux/netlink/socket-rows.ts';
import {
  ANSWER_CELLS,
  LINK_CELLS,
  readLinks,
  readOptions,
  type SocketLinks,
  TASK_CELLS,
} from '../linux/netlink/socket-scan.ts';
import { inNetworkNamespaceOf } from '../linux/network-namespace.ts';
import { listProcNetTcp } from '../linux/procfs/proc-net-tcp.ts';
import {
  blockedThreads,
  commandOf,
  hidesProcesses,
  linkOpener,
  listPids,
  openLinks,
  readMounts,
  socketInode,
} from '../linux/procfs/socket-holders.ts';
import { readReceiveTimeoutMs } from '../linux/socket-options.ts';
import { keepaliveFromTimer, nextProbeMs, type TimerKind } from './keepalive-from-timer.ts';
import type { LiveSocket, OwnerSearch } from './live-socket.ts';
import { recognisedKeepalive } from './recognise-runtime.ts';
import { isLocal, matchesEnds, matchesOwners, matchesRisk, type SocketFilter } from './socket-filter.ts';
import { isJudged, judgeRows, type RiskContext } from './socket-risk.ts';
import {
  addExtras,
  allRows,
  CELL,
  cellOf,
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
} from './socket-table.ts';

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
 * /proc/net/tcp. Throws a UsageError when there is no such process and a CapabilityError when its namespace may not be entered. `manySockets`:
 * from how many on the kernel is asked for all owners at once (readHeldSockets).
 */
export async function openLiveSockets(pid: number | null = null, manySockets?: number): Promise<LiveSockets> {
  const libc = await loadLibc().catch(unlessMissing);
  const diag = await openDiag(pid).catch(unlessMissing);
  const look = (question: LiveSocketsQuestion): LiveSocketsSurvey =>
    survey(question, { libc, diag, pid, asksKernel: () => hasManySockets(pid, manySockets) });
  return {
    look: (question) => {
      const { list, ...seen } = look(question);
      return { ...seen, sockets: socketsOf(list) };
    },
    survey: look,
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
  /** Whether to try to have all owners from the kernel at once. */
  asksKernel(): boolean;
}

function survey(question: LiveSocketsQuestion, means: Means): LiveSocketsSurvey {
  const { filter } = question;
  const { libc, diag, pid } = means;
  const { table, ...origin } = listAll(filter, diag, pid);
  let list = allRows(table);
  let ownerSearch: OwnerSearch = { kind: 'not-asked' };
  if (question.owners || asksForProcesses(filter)) {
    const hiddenProcesses = findOwners(list, question, means);
    if (asksForProcesses(filter)) list = filterRows(list, (socket) => matchesOwners(filter, socket));
    ownerSearch = { kind: 'searched', hiddenProcesses, processesInvisible: hidesProcesses(readMounts()) };
  }
  judgeRows(list, question);
  return {
    ...origin,
    list: filter.risks.length === 0 ? list : filterRows(list, (socket) => matchesRisk(filter, socket)),
    ownerSearch,
    withoutOptions: libc instanceof Error ? libc.message : null,
  };
}

/** Adds to all rows who holds them, and what their sockets say; returns of how many processes the descriptors are hidden. */
function findOwners({ table }: SocketRows, { filter, among }: LiveSocketsQuestion, means: Means): number {
  const { libc } = means;
  let rows = rowsByInode(table);
  if (!(libc instanceof Error) && among === undefined && !asksForProcesses(filter) && means.asksKernel()) {
    const held = readHeldSockets(libc);
    if (held !== null) {
      addHeld(table, held, rows, libc);
      rows = rowsWithoutOwner(table);
      if (rows.size === 0) return 0;
    }
  }
  const openFolder = libc instanceof Error ? openLinks : linkOpener(libc);
  const { found, hiddenProcesses } = readLinks(among ?? listPids(), openFolder);
  const holders = holdersOf(found, rows);
  addOwners(table, holders);
  const matching = allRows(table);
  const asked = asksForProcesses(filter) ? filterRows(matching, (socket) => matchesOwners(filter, socket)) : matching;
  addFromHolders(table, holdersAmong(asked, holders), libc);
  return hiddenProcesses;
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

/** Descriptors that refer to sockets of a table, HOLDER_CELLS for each, one process after the other: its row, the process, the descriptor. */
type Holders = Uint32Array;

const HOLDER_CELLS = 3;

function asksForProcesses({ pids, commands }: SocketFilter): boolean {
  return pids.length > 0 || commands.length > 0;
}

function rowsByInode({ cells, rows }: SocketTable): Map<number, number> {
  const byInode = new Map<number, number>();
  for (let row = 0; row < rows; row += 1) {
    const inode = cells[row * ROW_CELLS + CELL.inode] ?? 0;
    if (inode !== 0) byInode.set(inode, row);
  }
  return byInode;
}

/** By their inodes. */
function rowsWithoutOwner({ cells, rows }: SocketTable): Map<number, number> {
  const without = new Map<number, number>();
  for (let row = 0; row < rows; row += 1) {
    const at = row * ROW_CELLS;
    const inode = cells[at + CELL.inode] ?? 0;
    if (inode !== 0 && cells[at + CELL.ownerPid] === NONE) without.set(inode, row);
  }
  return without;
}

/** The links that refer to sockets with these inodes. */
function holdersOf(found: SocketLinks['found'], byInode: ReadonlyMap<number, number>): Holders {
  const holders = new Uint32Array(found.length);
  let end = 0;
  for (let link = 0; link < found.length; link += LINK_CELLS) {
    const row = byInode.get(found[link] ?? 0);
    if (row === undefined) continue;
    holders[end] = row;
    holders[end + 1] = found[link + 1] ?? 0;
    holders[end + 2] = found[link + 2] ?? 0;
    end += HOLDER_CELLS;
  }
  return holders.subarray(0, end);
}

/** Adds owners and options as the kernel has written them down, all at once. */
function addHeld(table: SocketTable, held: HeldSockets, rows: ReadonlyMap<number, number>, libc: Libc): void {
  const { cells } = table;
  const cursor = new SocketCursor(table);
  const holders = new Uint32Array((held.length / HELD_CELLS) * HOLDER_CELLS);
  const add = optionAdder(table);
  let end = 0;
  for (let each = 0; each < held.length; each += HELD_CELLS) {
    const row = rows.get(held[each + HELD.inode] ?? 0);
    if (row === undefined) continue;
    const at = row * ROW_CELLS;
    // Inodes are given again, cookies are not.
    if (cells[at + CELL.cookieLow] !== held[each + HELD.cookieLow]) continue;
    if (cells[at + CELL.cookieHigh] !== held[each + HELD.cookieHigh]) continue;
    holders[end] = row;
    holders[end + 1] = held[each + HELD.pid] ?? 0;
    holders[end + 2] = held[each + HELD.fd] ?? 0;
    end += HOLDER_CELLS;
    cursor.row = row;
    if (isExact(table, row) || !hasOptions(cursor)) continue;
    add(row, held, each + HELD.enabled);
  }
  const found = holders.subarray(0, end);
  addOwners(table, found);
  for (const row of addBlockedCalls(table, found)) addReceiveTimeout(libc, table, row);
}

/** Adds the holders to their rows. */
function addOwners(table: SocketTable, holders: Holders): void {
  const { cells, commands } = table;
  const cursor = new SocketCursor(table);
  for (let holder = 0; holder < holders.length; holder += HOLDER_CELLS) {
    const row = holders[holder] ?? 0;
    const pid = holders[holder + 1] ?? 0;
    const fd = holders[holder + 2] ?? 0;
    const at = row * ROW_CELLS;
    // It may have closed the one before meanwhile.
    if (commands.get(pid) == null) commands.set(pid, commandIfStill(pid, fd, cells[at + CELL.inode] ?? 0));
    if (cells[at + CELL.ownerPid] === NONE) {
      cells[at + CELL.ownerPid] = pid;
      cells[at + CELL.ownerFd] = fd;
    } else {
      cursor.row = row;
      const owner = { pid, command: commands.get(pid) ?? null, fd, blockedIn: null };
      addExtras(table, row, { owners: [...cursor.owners, owner] });
    }
  }
}

/** Those for which that holds of their rows. */
function holdersWhere(holders: Holders, keep: (row: number) => boolean): Holders {
  const kept = new Uint32Array(holders.length);
  let end = 0;
  for (let holder = 0; holder < holders.length; holder += HOLDER_CELLS) {
    const row = holders[holder] ?? 0;
    if (!keep(row)) continue;
    kept[end] = row;
    kept[end + 1] = holders[holder + 1] ?? 0;
    kept[end + 2] = holders[holder + 2] ?? 0;
    end += HOLDER_CELLS;
  }
  return kept.subarray(0, end);
}

/** The command's name, if the process that has the number now still holds the socket: numbers are given again. */
function commandIfStill(pid: number, fd: number, inode: number): string | null {
  const command = commandOf(pid);
  return socketInode(`/proc/${pid}/fd/${fd}`) === inode ? command : null;
}

/** Those of the rows that are listed. */
function holdersAmong({ table, rows }: SocketRows, holders: Holders): Holders {
  if (rows.length === table.rows) return holders;
  const listed = new Uint8Array(table.rows);
  for (const row of rows) listed[row] = 1;
  return holdersWhere(holders, (row) => listed[row] === 1);
}

/** Adds what is to be learned through the holders. */
function addFromHolders(table: SocketTable, holders: Holders, libc: Means['libc']): void {
  const blocked = addBlockedCalls(table, holders);
  if (libc instanceof Error) return;
  addOptions(libc, table, holders);
  for (const row of blocked) addReceiveTimeout(libc, table, row);
}

/** Adds which calls their holders wait in, and returns the rows of those that one waits for. */
function addBlockedCalls(table: SocketTable, holders: Holders): Set<number> {
  const calls = new Map<number, Map<number, string>>();
  const blocked = new Set<number>();
  let calledBy = 0;
  let ofProcess = new Map<number, string>();
  for (let holder = 0; holder < holders.length; holder += HOLDER_CELLS) {
    const pid = holders[holder + 1] ?? 0;
    if (pid !== calledBy) {
      calledBy = pid;
      ofProcess = calls.get(pid) ?? new Map(blockedThreads(pid)?.map(({ fd, syscall }) => [fd, syscall]));
      calls.set(pid, ofProcess);
    }
    if (ofProcess.size > 0 && ofProcess.has(holders[holder + 2] ?? 0)) blocked.add(holders[holder] ?? 0);
  }
  const cursor = new SocketCursor(table);
  for (const row of blocked) {
    cursor.row = row;
    const owners = cursor.owners.map((owner) => ({ ...owner, blockedIn: calls.get(owner.pid)?.get(owner.fd) ?? null }));
    addExtras(table, row, { owners });
  }
  return blocked;
}

/** Replaces what was concluded by what the sockets themselves say, wherever a holder lets kaprobe duplicate its descriptor. */
function addOptions(libc: Libc, table: SocketTable, holders: Holders): void {
  const { cells, extras } = table;
  const cursor = new SocketCursor(table);
  const seen = new Uint8Array(table.rows);
  const wanted = new Uint8Array(table.rows);
  const first = holdersWhere(holders, (row) => {
    if (seen[row] === 1) return false;
    seen[row] = 1;
    const at = row * ROW_CELLS;
    cursor.row = row;
    const hasCookie = cells[at + CELL.cookieLow] !== NONE || cells[at + CELL.cookieHigh] !== NONE;
    if (!hasCookie || !hasOptions(cursor)) return false;
    wanted[row] = 1;
    return true;
  });
  askForOptions(libc, table, first);
  // What its first holder does not let be seen, another may.
  const others = holdersWhere(holders, (row) => wanted[row] === 1 && extras.has(row) && !isExact(table, row));
  if (others.length > 0) askForOptions(libc, table, others);
}

/** Whether its options matter. */
function hasOptions(socket: SocketCursor): boolean {
  return isJudged(socket) || socket.state === 'listen';
}

function isExact({ cells }: SocketTable, row: number): boolean {
  const kind = cells[row * ROW_CELLS + CELL.keepalive];
  return kind === KNOWN_BY.exactOn || kind === KNOWN_BY.exactOff;
}

function askForOptions(libc: Libc, table: SocketTable, holders: Holders): void {
  const { cells } = table;
  const count = holders.length / HOLDER_CELLS;
  const tasks = new Uint32Array(count * TASK_CELLS);
  for (let index = 0; index < count; index += 1) {
    const holder = index * HOLDER_CELLS;
    const at = (holders[holder] ?? 0) * ROW_CELLS;
    const task = index * TASK_CELLS;
    tasks[task] = holders[holder + 1] ?? 0;
    tasks[task + 1] = holders[holder + 2] ?? 0;
    tasks[task + 2] = cells[at + CELL.cookieLow] ?? NONE;
    tasks[task + 3] = cells[at + CELL.cookieHigh] ?? NONE;
  }
  const answers = readOptions(tasks, libc);
  const add = optionAdder(table);
  for (let index = 0; index < count; index += 1) {
    const answer = index * ANSWER_CELLS;
    const row = holders[index * HOLDER_CELLS] ?? 0;
    if (answers[answer] === 1 && !isExact(table, row)) add(row, answers, answer + 1);
  }
}

/** Sets the options of a row: five cells from `at` on, SO_KEEPALIVE, idle and interval in milliseconds, count, user timeout in milliseconds. */
function optionAdder(table: SocketTable): (row: number, options: Uint32Array, at: number) => void {
  const { cells } = table;
  const cursor = new SocketCursor(table);
  const recognisedNumber = numberer(table.recognised);
  return (row, options, from) => {
    const keepalive = {
      enabled: options[from] === 1,
      idleMs: options[from + 1] ?? 0,
      intervalMs: options[from + 2] ?? 0,
      count: options[from + 3] ?? 0,
      userTimeoutMs: options[from + 4] ?? 0,
    };
    cursor.row = row;
    const earliestMs = cursor.nextProbeMs;
    const recognised = recognisedKeepalive(keepalive);
    const at = row * ROW_CELLS;
    cells[at + CELL.keepalive] = keepalive.enabled ? KNOWN_BY.exactOn : KNOWN_BY.exactOff;
    cells[at + CELL.idleMs] = keepalive.idleMs;
    cells[at + CELL.intervalMs] = keepalive.intervalMs;
    cells[at + CELL.count] = keepalive.count;
    cells[at + CELL.userTimeoutMs] = keepalive.userTimeoutMs;
    if (recognised !== null) cells[at + CELL.recognised] = recognisedNumber(recognised);
    if (earliestMs !== null) cells[at + CELL.nextProbeMs] = cellOf(nextProbeMs(keepalive, earliestMs, cursor));
  };
}

/** How long a read of a socket waits at most, wherever its options could be read. */
function addReceiveTimeout(libc: Libc, table: SocketTable, row: number): void {
  if (!isExact(table, row)) return;
  const cursor = new SocketCursor(table);
  cursor.row = row;
  const { owners, cookie } = cursor;
  if (cookie === null) return;
  for (const { pid, fd } of owners) {
    try {
      const receiveTimeoutMs = withForeignSocket(libc, { pid, fd, cookie }, (duplicate) =>
        readReceiveTimeoutMs(libc, duplicate),
      );
      if (receiveTimeoutMs === null) continue;
      addExtras(table, row, { receiveTimeoutMs });
      return;
    } catch (error) {
      // No right to this process, or it is gone: another of its holders may tell.
      if (!(error instanceof KernelError)) throw error;
    }
  }
}
