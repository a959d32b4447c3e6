/** Live sockets in rows: what the kernel lists of each, and behind it what was found out and concluded. */

import { TCP_TIMERS } from '../base/tcp-state.ts';
import { cellOf, KERNEL_CELL, KERNEL_CELLS, KernelRow, KernelTable } from '../linux/kernel-rows.ts';
import type { Keepalive } from '../report/values.ts';
import { keepaliveFromTimer, nextProbeMs } from './keepalive-from-timer.ts';
import {
  type LiveKeepalive,
  type LiveSocket,
  SOCKET_RISKS,
  type SocketOwner,
  type SocketRisk,
  type SocketVerification,
} from './live-socket.ts';
import { RUNTIMES, recognisedKeepalive } from './recognise-runtime.ts';
import { isLocal } from './socket-filter.ts';

/** The cells of a row behind those of the kernel. 0: nothing is known yet. */
export const CELL = {
  /** One of OPTIONS. */
  options: KERNEL_CELLS,
  /** As the socket itself says; of no meaning while OPTIONS.unread. Times are milliseconds. */
  idleMs: KERNEL_CELLS + 1,
  intervalMs: KERNEL_CELLS + 2,
  count: KERNEL_CELLS + 3,
  userTimeoutMs: KERNEL_CELLS + 4,
  nextProbeMs: KERNEL_CELLS + 5,
  /** Of the only owner; 0 where there is none, or where they are among the extras. */
  ownerPid: KERNEL_CELLS + 6,
  ownerFd: KERNEL_CELLS + 7,
  /** Index in RISK_OF. */
  risk: KERNEL_CELLS + 8,
  /** Index in RUNTIME_OF. */
  recognised: KERNEL_CELLS + 9,
} as const;

const MORE_CELLS = 10;
const RISK_OF = [null, ...SOCKET_RISKS];
const RUNTIME_OF = [null, ...RUNTIMES];
/** What SO_KEEPALIVE said. */
const OPTIONS = { unread: 0, off: 1, on: 2 } as const;

/** What few sockets have; it stands in place of what the row says. */
type SocketExtras = Partial<Pick<LiveSocket, 'owners' | 'receiveTimeoutMs' | 'verified'>>;

/** Live sockets, a row each. */
export class SocketTable extends KernelTable {
  /** The names of the owners, by pid. */
  readonly commands = new Map<number, string | null>();
  /** By row. */
  readonly extras = new Map<number, SocketExtras>();
  private readonly loopbacks: boolean[] = [];

  constructor() {
    super(MORE_CELLS);
  }

  /** Reports whether a host, by its number, is a loopback address. */
  isLoopback(host: number): boolean {
    const { hosts, loopbacks } = this;
    while (loopbacks.length <= host) loopbacks.push(isLocal({ local: '', remote: hosts[loopbacks.length] ?? '' }));
    return loopbacks[host] === true;
  }
}

/** The socket of the row that it stands at, which it also writes to. */
export class SocketCursor extends KernelRow implements LiveSocket {
  private readonly table: SocketTable;

  constructor(table: SocketTable, row = 0) {
    super(table, row);
    this.table = table;
  }

  private get extras(): SocketExtras | undefined {
    const { extras } = this.table;
    return extras.size === 0 ? undefined : extras.get(this.row);
  }
  private addExtras(more: SocketExtras): void {
    this.table.extras.set(this.row, { ...this.extras, ...more });
  }

  get local(): string {
    return this.localHost + this.localPort;
  }
  get remote(): string {
    return this.remoteHost + this.remotePort;
  }
  /** Both ends are on this host. */
  get isLocal(): boolean {
    const remote = this.cell(KERNEL_CELL.remoteHost);
    return remote === this.cell(KERNEL_CELL.localHost) || this.table.isLoopback(remote);
  }

  get owners(): SocketOwner[] {
    const several = this.extras?.owners;
    if (several !== undefined) return several;
    const pid = this.cell(CELL.ownerPid);
    if (pid === 0) return [];
    return [{ pid, command: this.table.commands.get(pid) ?? null, fd: this.cell(CELL.ownerFd), blockedIn: null }];
  }
  set owners(owners: SocketOwner[]) {
    this.addExtras({ owners });
  }
  get hasOwner(): boolean {
    return this.cell(CELL.ownerPid) !== 0;
  }
  addOwner(pid: number, fd: number): void {
    if (this.hasOwner) {
      const command = this.table.commands.get(pid) ?? null;
      this.owners = [...this.owners, { pid, command, fd, blockedIn: null }];
    } else {
      this.set(CELL.ownerPid, pid);
      this.set(CELL.ownerFd, fd);
    }
  }

  /** Whether its options were read from the socket itself. */
  get isExact(): boolean {
    return this.cell(CELL.options) !== OPTIONS.unread;
  }
  get keepalive(): LiveKeepalive {
    const options = this.cell(CELL.options);
    if (options === OPTIONS.unread) return keepaliveFromTimer(this.state, this.timer, this.expiresMs);
    return {
      source: 'getsockopt',
      enabled: options === OPTIONS.on,
      idleMs: this.cell(CELL.idleMs),
      intervalMs: this.cell(CELL.intervalMs),
      count: this.cell(CELL.count),
      userTimeoutMs: this.cell(CELL.userTimeoutMs),
    };
  }
  /** What was read from the socket itself takes the place of what its timer showed. */
  setOptions(keepalive: Keepalive): void {
    const earliestMs = this.nextProbeMs;
    this.set(CELL.options, keepalive.enabled ? OPTIONS.on : OPTIONS.off);
    this.set(CELL.idleMs, keepalive.idleMs);
    this.set(CELL.intervalMs, keepalive.intervalMs);
    this.set(CELL.count, keepalive.count);
    this.set(CELL.userTimeoutMs, keepalive.userTimeoutMs);
    this.set(CELL.recognised, RUNTIME_OF.indexOf(recognisedKeepalive(keepalive)));
    this.set(CELL.nextProbeMs, cellOf(earliestMs === null ? null : nextProbeMs(keepalive, earliestMs, this)));
  }
  get recognised(): string | null {
    return RUNTIME_OF[this.cell(CELL.recognised)] ?? null;
  }
  get nextProbeMs(): number | null {
    if (this.isExact) return this.orNull(CELL.nextProbeMs);
    const { keepalive } = this;
    return keepalive.source === 'timer' && keepalive.enabled ? keepalive.periodAtLeastMs : null;
  }

  /** Two sockets with the same number and the same command differ in nothing but numbers and ends, unless they have extras. */
  get kindNumber(): number {
    const byTimer = this.cell(KERNEL_CELL.state) * TCP_TIMERS.length + this.cell(KERNEL_CELL.timer);
    const byOptions = byTimer * (OPTIONS.on + 1) + this.cell(CELL.options);
    const byRisk = byOptions * RISK_OF.length + this.cell(CELL.risk);
    const byRuntime = byRisk * RUNTIME_OF.length + this.cell(CELL.recognised);
    return 2 * byRuntime + (this.family === 4 ? 0 : 1);
  }
  /** The name of the owner that is not among the extras; undefined: it has none. */
  get command(): string | null | undefined {
    return this.hasOwner ? (this.table.commands.get(this.cell(CELL.ownerPid)) ?? null) : undefined;
  }
  get hasExtras(): boolean {
    return this.extras !== undefined;
  }

  get receiveTimeoutMs(): number | null {
    return this.extras?.receiveTimeoutMs ?? null;
  }
  set receiveTimeoutMs(receiveTimeoutMs: number | null) {
    this.addExtras({ receiveTimeoutMs });
  }
  get verified(): SocketVerification | null {
    return this.extras?.verified ?? null;
  }
  set verified(verified: SocketVerification | null) {
    this.addExtras({ verified });
  }
  get risk(): SocketRisk | null {
    return RISK_OF[this.cell(CELL.risk)] ?? null;
  }
  set risk(risk: SocketRisk | null) {
    this.set(CELL.risk, RISK_OF.indexOf(risk));
  }
}

/** The socket that a cursor stands at, as an object of its own. */
export function socketAt(cursor: SocketCursor): LiveSocket {
  return {
    family: cursor.family,
    local: cursor.local,
    remote: cursor.remote,
    state: cursor.state,
    inode: cursor.inode,
    cookie: cursor.cookie,
    uid: cursor.uid,
    owners: cursor.owners,
    keepalive: cursor.keepalive,
    recognised: cursor.recognised,
    nextProbeMs: cursor.nextProbeMs,
    lastReceivedMs: cursor.lastReceivedMs,
    lastSentMs: cursor.lastSentMs,
    lastAcknowledgedMs: cursor.lastAcknowledgedMs,
    unacked: cursor.unacked,
    retransmits: cursor.retransmits,
    unansweredProbes: cursor.unansweredProbes,
    receiveTimeoutMs: cursor.receiveTimeoutMs,
    verified: cursor.verified,
    risk: cursor.risk,
  };
}

/** Some rows of a table, in some order. */
export interface SocketRows {
  table: SocketTable;
  rows: Uint32Array;
}

/** All rows of a table, in its order. */
export function allRows(table: SocketTable): SocketRows {
  const rows = new Uint32Array(table.rows);
  for (let row = 0; row < rows.length; row += 1) rows[row] = row;
  return { table, rows };
}

/** Shows the sockets of these rows one after the other, at a cursor that is moved on. */
export function eachSocket({ table, rows }: SocketRows, visit: (socket: SocketCursor, place: number) => void): void {
  const cursor = new SocketCursor(table);
  rows.forEach((row, place) => {
    visit(cursor.moveTo(row), place);
  });
}

/** The rows of which that holds. */
export function filterRows({ table, rows }: SocketRows, keep: (socket: SocketCursor) => boolean): SocketRows {
  const cursor = new SocketCursor(table);
  return { table, rows: rows.filter((row) => keep(cursor.moveTo(row))) };
}

/** The first of them, and no more than `count`. */
export function firstRows({ table, rows }: SocketRows, count: number): SocketRows {
  return { table, rows: rows.slice(0, count) };
}

/** All of them as objects of their own. */
export function socketsOf(list: SocketRows): LiveSocket[] {
  const sockets: LiveSocket[] = [];
  eachSocket(list, (socket) => sockets.push(socketAt(socket)));
  return sockets;
}
