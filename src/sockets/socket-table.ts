/** Many sockets at once: rows of numbers in place of an object each, which for a hundred thousand would take most of the time to make and to keep. */

import { TCP_STATES, type TcpState } from '../base/tcp-state.ts';
import {
  type LiveKeepalive,
  type LiveSocket,
  SOCKET_RISKS,
  type SocketOwner,
  type SocketRisk,
  type SocketVerification,
} from './live-socket.ts';

/** The cells of a row. Times are milliseconds, as in LiveSocket; NONE stands for null. */
export const CELL = {
  family: 0,
  /** Index in TCP_STATES. */
  state: 1,
  /** Indices in `hosts`. */
  localHost: 2,
  localPort: 3,
  remoteHost: 4,
  remotePort: 5,
  inode: 6,
  cookieLow: 7,
  cookieHigh: 8,
  uid: 9,
  /** One of KNOWN_BY, or from KNOWN_BY.other on an index in `otherKeepalives`. */
  keepalive: 10,
  /** Of a timer the least period: until it fires. */
  idleMs: 11,
  intervalMs: 12,
  count: 13,
  userTimeoutMs: 14,
  nextProbeMs: 15,
  lastReceivedMs: 16,
  lastSentMs: 17,
  lastAcknowledgedMs: 18,
  unacked: 19,
  retransmits: 20,
  unansweredProbes: 21,
  /** Index in SOCKET_RISKS. */
  risk: 22,
  /** 1: both ends are on this host. */
  isLocal: 23,
  /** Of the only owner; NONE where there is none, or where they are among the extras. */
  ownerPid: 24,
  ownerFd: 25,
  /** Index in `recognised`. */
  recognised: 26,
  /** The kernel's number of the timer that runs. */
  timer: 27,
} as const;

/** How many cells a row has. */
export const ROW_CELLS = 28;
export const NONE = 0xffff_ffff;
export const KNOWN_BY = { timerOff: 0, timerOn: 1, exactOff: 2, exactOn: 3, other: 4 } as const;

/** What few sockets have; it stands in place of what the row says. */
export type SocketExtras = Partial<Pick<LiveSocket, 'owners' | 'receiveTimeoutMs' | 'verified'>>;

export interface SocketTable {
  rows: number;
  /** Row after row; a larger one takes its place when it is full. */
  cells: Uint32Array;
  /** `192.0.2.1:`, `[2001:db8::1]:`: an end without its port. */
  hosts: string[];
  otherKeepalives: LiveKeepalive[];
  /** Names of whose settings they look like. */
  recognised: string[];
  /** The names of the owners, by pid. */
  commands: Map<number, string | null>;
  /** By row. */
  extras: Map<number, SocketExtras>;
}

/** Memory that nothing was written to costs nothing: it is copying that does. */
const ROOM_AT_FIRST = 2 ** 15;

export function emptySocketTable(): SocketTable {
  return {
    rows: 0,
    cells: new Uint32Array(ROOM_AT_FIRST * ROW_CELLS),
    hosts: [],
    otherKeepalives: [],
    recognised: [],
    commands: new Map(),
    extras: new Map(),
  };
}

/** Adds a row, whose cells are the caller's to fill, and returns where they begin. */
export function addRow(table: SocketTable): number {
  const at = table.rows * ROW_CELLS;
  if (at === table.cells.length) {
    const larger = new Uint32Array(4 * at);
    larger.set(table.cells);
    table.cells = larger;
  }
  table.rows += 1;
  return at;
}

/** What stands in the cell of a number or null; the one number that means null gives way to the next lower. */
export function cellOf(value: number | null): number {
  return value === null ? NONE : Math.min(value, NONE - 1);
}

/** Adds to what a socket has besides its row. */
export function addExtras({ extras }: SocketTable, row: number, more: SocketExtras): void {
  extras.set(row, { ...extras.get(row), ...more });
}

/** Gives the number of a text, or of anything else that comes time and again, in a list that it is added to the first time. */
export function numberer<T>(list: T[]): (item: T) => number {
  const numbers = new Map<T, number>();
  return (item) => {
    let number = numbers.get(item);
    if (number === undefined) {
      number = list.push(item) - 1;
      numbers.set(item, number);
    }
    return number;
  };
}

/**
 * The socket of the row that it stands at; nothing is made of it before it is read, and nothing is kept. A class, because the getters of an object
 * literal are new ones in each object: code that reads several such cursors stays slow.
 */
export class SocketCursor implements Readonly<LiveSocket> {
  private readonly table: SocketTable;
  private at: number;

  constructor(table: SocketTable, row = 0) {
    this.table = table;
    this.at = row * ROW_CELLS;
  }

  private cell(column: number): number {
    return this.table.cells[this.at + column] ?? NONE;
  }

  private orNull(column: number): number | null {
    const value = this.cell(column);
    return value === NONE ? null : value;
  }

  private get extras(): SocketExtras | undefined {
    const { extras } = this.table;
    return extras.size === 0 ? undefined : extras.get(this.row);
  }

  get row(): number {
    return this.at / ROW_CELLS;
  }
  set row(row: number) {
    this.at = row * ROW_CELLS;
  }

  /** `192.0.2.1:`, `[2001:db8::1]:`. */
  get localHost(): string {
    return this.table.hosts[this.cell(CELL.localHost)] ?? '';
  }
  get localPort(): number {
    return this.cell(CELL.localPort);
  }
  get remoteHost(): string {
    return this.table.hosts[this.cell(CELL.remoteHost)] ?? '';
  }
  get remotePort(): number {
    return this.cell(CELL.remotePort);
  }
  /** Both ends are on this host. */
  get isLocal(): boolean {
    return this.cell(CELL.isLocal) === 1;
  }
  get family(): LiveSocket['family'] {
    return this.cell(CELL.family) === 4 ? 4 : 6;
  }
  get local(): string {
    return this.localHost + this.localPort;
  }
  get remote(): string {
    return this.remoteHost + this.remotePort;
  }
  get state(): TcpState {
    return TCP_STATES[this.cell(CELL.state)] ?? 'unknown';
  }
  get inode(): number {
    return this.cell(CELL.inode);
  }
  get cookie(): string | null {
    const low = this.cell(CELL.cookieLow);
    const high = this.cell(CELL.cookieHigh);
    if (high === 0) return low.toString(16);
    return low === NONE && high === NONE ? null : high.toString(16) + low.toString(16).padStart(8, '0');
  }
  get uid(): number {
    return this.cell(CELL.uid);
  }
  get owners(): SocketOwner[] {
    const several = this.extras?.owners;
    if (several !== undefined) return several;
    const pid = this.cell(CELL.ownerPid);
    if (pid === NONE) return [];
    return [{ pid, command: this.table.commands.get(pid) ?? null, fd: this.cell(CELL.ownerFd), blockedIn: null }];
  }
  get keepalive(): LiveKeepalive {
    const kind = this.cell(CELL.keepalive);
    if (kind === KNOWN_BY.timerOff) return { source: 'timer', enabled: false };
    const idleMs = this.cell(CELL.idleMs);
    if (kind === KNOWN_BY.timerOn) return { source: 'timer', enabled: true, periodAtLeastMs: idleMs };
    const other = kind < KNOWN_BY.other ? undefined : this.table.otherKeepalives[kind - KNOWN_BY.other];
    if (other !== undefined) return other;
    const enabled = kind === KNOWN_BY.exactOn;
    const [intervalMs, count] = [this.cell(CELL.intervalMs), this.cell(CELL.count)];
    return { source: 'getsockopt', enabled, idleMs, intervalMs, count, userTimeoutMs: this.cell(CELL.userTimeoutMs) };
  }
  get recognised(): string | null {
    const name = this.cell(CELL.recognised);
    return name === NONE ? null : (this.table.recognised[name] ?? null);
  }
  get nextProbeMs(): number | null {
    return this.orNull(CELL.nextProbeMs);
  }
  get lastReceivedMs(): number | null {
    return this.orNull(CELL.lastReceivedMs);
  }
  get lastSentMs(): number | null {
    return this.orNull(CELL.lastSentMs);
  }
  get lastAcknowledgedMs(): number | null {
    return this.orNull(CELL.lastAcknowledgedMs);
  }
  get unacked(): number | null {
    return this.orNull(CELL.unacked);
  }
  get retransmits(): number | null {
    return this.orNull(CELL.retransmits);
  }
  get unansweredProbes(): number | null {
    return this.orNull(CELL.unansweredProbes);
  }
  get receiveTimeoutMs(): number | null {
    return this.extras?.receiveTimeoutMs ?? null;
  }
  get verified(): SocketVerification | null {
    return this.extras?.verified ?? null;
  }
  get risk(): SocketRisk | null {
    const risk = this.cell(CELL.risk);
    return risk === NONE ? null : (SOCKET_RISKS[risk] ?? null);
  }
}

/** The socket that a cursor stands at, as an object of its own. */
export function socketAt(cursor: SocketCursor): LiveSocket {
  const { family, local, remote, state, inode, cookie, uid, owners, keepalive, recognised, nextProbeMs } = cursor;
  const { lastReceivedMs, lastSentMs, lastAcknowledgedMs, unacked, retransmits, unansweredProbes } = cursor;
  return {
    ...{ family, local, remote, state, inode, cookie, uid, owners, keepalive, recognised, nextProbeMs },
    ...{ lastReceivedMs, lastSentMs, lastAcknowledgedMs, unacked, retransmits, unansweredProbes },
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
  for (let place = 0; place < rows.length; place += 1) {
    cursor.row = rows[place] ?? 0;
    visit(cursor, place);
  }
}

/** The rows of which that holds. */
export function filterRows({ table, rows }: SocketRows, keep: (socket: SocketCursor) => boolean): SocketRows {
  const cursor = new SocketCursor(table);
  return {
    table,
    rows: rows.filter((row) => {
      cursor.row = row;
      return keep(cursor);
    }),
  };
}

/** All of them as objects of their own. */
export function socketsOf(list: SocketRows): LiveSocket[] {
  const cursor = new SocketCursor(list.table);
  return Array.from(list.rows, (row) => {
    cursor.row = row;
    return socketAt(cursor);
  });
}
