/** Many sockets at once as the kernel lists them: rows of numbers in place of an object each, which would take most of the time to make and to keep. */
import { endpoint } from '../base/endpoint.ts';
import { TCP_STATES, TCP_TIMERS, type TcpState, type TcpTimer } from '../base/tcp-state.ts';
import { cookieOrNull, type ListedSocket, NO_COOKIE } from './kernel-socket.ts';

/** The cells of a row. Times are milliseconds; NONE stands for null. */
export const KERNEL_CELL = {
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
  /** Index in TCP_TIMERS. */
  timer: 10,
  expiresMs: 11,
  lastReceivedMs: 12,
  lastSentMs: 13,
  lastAcknowledgedMs: 14,
  unacked: 15,
  retransmits: 16,
  unansweredProbes: 17,
} as const;

/** How many cells of a row the kernel's list fills. */
export const KERNEL_CELLS = 18;
/** In place of null. */
export const NONE = 0xffff_ffff;

/** Memory that nothing was written to costs nothing: it is copying that does. */
const ROOM_AT_FIRST = 2 ** 15;

/** Rows of sockets. Behind the cells that the kernel's list fills there is room for more, each 0 at first. */
export class KernelTable {
  rows = 0;
  readonly rowCells: number;
  /** Row after row; a larger one takes its place when it is full. */
  cells: Uint32Array;
  /** `192.0.2.1:`, `[2001:db8::1]:`: an end without its port. */
  readonly hosts: string[] = [];

  constructor(moreCells = 0) {
    this.rowCells = KERNEL_CELLS + moreCells;
    this.cells = new Uint32Array(ROOM_AT_FIRST * this.rowCells);
  }

  /** Adds a socket of the one reading of a list that this table is for. It is made for a hundred thousand, so it makes nothing. */
  add(socket: Readonly<ListedSocket>): void {
    const at = this.rows * this.rowCells;
    if (at === this.cells.length) {
      const larger = new Uint32Array(4 * at);
      larger.set(this.cells);
      this.cells = larger;
    }
    this.rows += 1;
    const { cells } = this;
    const { info, localHost, remoteHost } = socket;
    if (!this.knowsHost(localHost)) this.noteHost(localHost, socket.localAddress);
    if (!this.knowsHost(remoteHost)) this.noteHost(remoteHost, socket.remoteAddress);
    cells[at + KERNEL_CELL.family] = socket.family;
    cells[at + KERNEL_CELL.state] = TCP_STATES.indexOf(socket.state);
    cells[at + KERNEL_CELL.localHost] = localHost;
    cells[at + KERNEL_CELL.localPort] = socket.localPort;
    cells[at + KERNEL_CELL.remoteHost] = remoteHost;
    cells[at + KERNEL_CELL.remotePort] = socket.remotePort;
    cells[at + KERNEL_CELL.inode] = socket.inode;
    cells[at + KERNEL_CELL.cookieLow] = socket.cookieLow;
    cells[at + KERNEL_CELL.cookieHigh] = socket.cookieHigh;
    cells[at + KERNEL_CELL.uid] = socket.uid;
    cells[at + KERNEL_CELL.timer] = TCP_TIMERS.indexOf(socket.timer);
    cells[at + KERNEL_CELL.expiresMs] = socket.expiresMs;
    addInfo(cells, at, info);
  }

  private knowsHost(number: number): boolean {
    return number < this.hosts.length && this.hosts[number] !== '';
  }
  private noteHost(number: number, address: string): void {
    while (this.hosts.length <= number) this.hosts.push('');
    this.hosts[number] = endpoint(address, 0).slice(0, -1);
  }

  /** Takes back the row that was added last. */
  dropLast(): void {
    this.rows -= 1;
  }
}

/** A function of its own, because V8 makes no machine code as long as both. */
function addInfo(cells: Uint32Array, at: number, info: ListedSocket['info']): void {
  cells[at + KERNEL_CELL.lastReceivedMs] = cellOf(info === null ? null : info.lastDataReceivedMs);
  cells[at + KERNEL_CELL.lastSentMs] = cellOf(info === null ? null : info.lastDataSentMs);
  cells[at + KERNEL_CELL.lastAcknowledgedMs] = cellOf(info === null ? null : info.lastAckReceivedMs);
  cells[at + KERNEL_CELL.unacked] = cellOf(info === null ? null : info.unackedSegments);
  cells[at + KERNEL_CELL.retransmits] = info === null ? NONE : info.retransmits;
  cells[at + KERNEL_CELL.unansweredProbes] = info === null ? NONE : info.unansweredProbes;
}

/** What stands in the cell of a number or null; the one number that means null gives way to the next lower. */
export function cellOf(value: number | null): number {
  return value === null ? NONE : Math.min(value, NONE - 1);
}

/**
 * The socket of the row that it stands at; nothing is made of it before it is read, and nothing is kept. A class, because the getters of an object
 * literal are new ones in each object: code that reads several such cursors stays slow.
 */
export class KernelRow {
  private readonly rowsOf: KernelTable;
  private at: number;

  constructor(table: KernelTable, row = 0) {
    this.rowsOf = table;
    this.at = row * table.rowCells;
  }

  protected cell(column: number): number {
    return this.rowsOf.cells[this.at + column] ?? NONE;
  }
  protected orNull(column: number): number | null {
    const value = this.cell(column);
    return value === NONE ? null : value;
  }
  protected set(column: number, value: number): void {
    this.rowsOf.cells[this.at + column] = value;
  }

  /** Moves on to another row, and returns itself. */
  moveTo(row: number): this {
    this.at = row * this.rowsOf.rowCells;
    return this;
  }
  get row(): number {
    return this.at / this.rowsOf.rowCells;
  }

  get family(): 4 | 6 {
    return this.cell(KERNEL_CELL.family) === 4 ? 4 : 6;
  }
  get state(): TcpState {
    return TCP_STATES[this.cell(KERNEL_CELL.state)] ?? 'unknown';
  }
  /** `192.0.2.1:`, `[2001:db8::1]:`. */
  get localHost(): string {
    return this.rowsOf.hosts[this.cell(KERNEL_CELL.localHost)] ?? '';
  }
  get localPort(): number {
    return this.cell(KERNEL_CELL.localPort);
  }
  get remoteHost(): string {
    return this.rowsOf.hosts[this.cell(KERNEL_CELL.remoteHost)] ?? '';
  }
  get remotePort(): number {
    return this.cell(KERNEL_CELL.remotePort);
  }
  get inode(): number {
    return this.cell(KERNEL_CELL.inode);
  }
  get cookieLow(): number {
    return this.cell(KERNEL_CELL.cookieLow);
  }
  get cookieHigh(): number {
    return this.cell(KERNEL_CELL.cookieHigh);
  }
  get hasCookie(): boolean {
    return this.cookieLow !== NO_COOKIE || this.cookieHigh !== NO_COOKIE;
  }
  get cookie(): string | null {
    return cookieOrNull(this.cookieLow, this.cookieHigh);
  }
  get uid(): number {
    return this.cell(KERNEL_CELL.uid);
  }
  get timer(): TcpTimer | null {
    return TCP_TIMERS[this.cell(KERNEL_CELL.timer)] ?? null;
  }
  get expiresMs(): number {
    return this.cell(KERNEL_CELL.expiresMs);
  }
  get lastReceivedMs(): number | null {
    return this.orNull(KERNEL_CELL.lastReceivedMs);
  }
  get lastSentMs(): number | null {
    return this.orNull(KERNEL_CELL.lastSentMs);
  }
  get lastAcknowledgedMs(): number | null {
    return this.orNull(KERNEL_CELL.lastAcknowledgedMs);
  }
  get unacked(): number | null {
    return this.orNull(KERNEL_CELL.unacked);
  }
  get retransmits(): number | null {
    return this.orNull(KERNEL_CELL.retransmits);
  }
  get unansweredProbes(): number | null {
    return this.orNull(KERNEL_CELL.unansweredProbes);
  }
}
