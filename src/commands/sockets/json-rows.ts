import { TCP_STATES } from '../../base/tcp-state.ts';
import { SOCKET_RISKS } from '../../sockets/live-socket.ts';
import {
  CELL,
  KNOWN_BY,
  NONE,
  ROW_CELLS,
  SocketCursor,
  type SocketRows,
  type SocketTable,
  socketAt,
} from '../../sockets/socket-table.ts';

const CHUNK_BYTES = 1024 * 1024;

/**
 * Writes sockets as the elements of a JSON array, one a line, in chunks of bytes. Of a hundred thousand sockets this is what a user waits for, so
 * it takes a tenth of the time of JSON.stringify(): a line is copied from one of a few templates, which has all of the texts that many sockets
 * share and columns wide enough for every number, and only the numbers are written into it; blanks between JSON's tokens mean nothing. The
 * sockets that are not like others are left to JSON.stringify(). Everything beyond ASCII is escaped, so that nothing unprintable is left. A chunk
 * is overwritten by the next: who keeps it must copy it.
 */
export function* liveSocketsJson(list: SocketRows, indent: string): Generator<Uint8Array> {
  const writeLines = lineWriter(list, `,\n${indent}`);
  let chunk: Chunk = { bytes: new Uint8Array(CHUNK_BYTES), end: 0, place: 0 };
  let begin = 1; // before the first line is no comma
  while (chunk.place < list.rows.length) {
    chunk = writeLines(chunk.bytes, chunk.place);
    yield chunk.bytes.subarray(begin, chunk.end);
    begin = 0;
  }
}

/** Where lines were written: up to which byte, and up to which place in the list. */
interface Chunk {
  bytes: Uint8Array;
  end: number;
  place: number;
}

/** Returns a function that writes as many lines as there is room for, from a place in the list on; one that is too long by itself gets more room. */
function lineWriter({ table, rows }: SocketRows, before: string): (room: Uint8Array, from: number) => Chunk {
  const encoder = new TextEncoder();
  const cursor = new SocketCursor(table);
  const templateOf = templates(table, before);
  const hosts = table.hosts.map((host) => encoder.encode(host));
  return (room, from) => {
    let bytes = room;
    let end = 0;
    let place = from;
    for (; place < rows.length; place += 1) {
      const row = rows[place] ?? 0;
      const template = templateOf(row);
      cursor.row = row;
      const line =
        template === null ? encoder.encode(before + ascii(JSON.stringify(socketAt(cursor)))) : template.bytes;
      if (end + line.length > bytes.length) {
        if (end > 0) break;
        bytes = new Uint8Array(line.length);
      }
      bytes.set(line, end);
      if (template !== null) fill(bytes, end, template, table.cells, row * ROW_CELLS, hosts);
      end += line.length;
    }
    return { bytes, end, place };
  };
}

/** A line with its values left blank. */
interface Template {
  bytes: Uint8Array;
  /** Which cells stand where: behind which byte of the line each of them ends. */
  numbers: readonly { cell: number; end: number; mayBeNull: boolean }[];
  /** Where the texts begin that every socket has of its own. */
  local: number;
  remote: number;
  cookie: number;
}

/** Four billion, or null. */
const NUMBER_WIDTH = 10;
/** What the kernel keeps in one byte, or null. */
const NARROW: ReadonlySet<number> = new Set([CELL.count, CELL.retransmits, CELL.unansweredProbes]);
const NARROW_WIDTH = 4;
const END_WIDTH = {
  4: '255.255.255.255:65535'.length,
  6: '[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535'.length,
};
const COOKIE_WIDTH = 16;

/** Returns a function that tells the template for a row, with that text before it; null: its socket is not like others. */
function templates(table: SocketTable, before: string): (row: number) => Template | null {
  const { cells, commands, extras } = table;
  const cursor = new SocketCursor(table);
  const byKind = new Map<number, Map<string | null | undefined, Template>>();
  return (row) => {
    const at = row * ROW_CELLS;
    const keepalive = cells[at + CELL.keepalive] ?? NONE;
    if (keepalive >= KNOWN_BY.other || (extras.size > 0 && extras.has(row))) return null;
    const pid = cells[at + CELL.ownerPid] ?? NONE;
    const command = pid === NONE ? undefined : (commands.get(pid) ?? null);
    const family = cells[at + CELL.family] === 4 ? 4 : 6;
    // All that a template depends on besides, in one number; one more than NONE is 0.
    const risk = ((cells[at + CELL.risk] ?? NONE) + 1) >>> 0;
    const recognised = ((cells[at + CELL.recognised] ?? NONE) + 1) >>> 0;
    const shared =
      keepalive +
      KNOWN_BY.other *
        ((cells[at + CELL.state] ?? 0) + TCP_STATES.length * (risk + (SOCKET_RISKS.length + 1) * recognised));
    const kind = 2 * shared + (family === 4 ? 0 : 1);
    let byCommand = byKind.get(kind);
    if (byCommand === undefined) {
      byCommand = new Map();
      byKind.set(kind, byCommand);
    }
    let template = byCommand.get(command);
    if (template === undefined) {
      cursor.row = row;
      template = makeTemplate(cursor, keepalive, before);
      byCommand.set(command, template);
    }
    return template;
  };
}

/** `keepalive`: one of KNOWN_BY. */
function makeTemplate(socket: SocketCursor, keepalive: number, before: string): Template {
  const numbers: Template['numbers'][number][] = [];
  let line = before;
  const number = (name: string, cell: number, mayBeNull: boolean): void => {
    line += `"${name}":${' '.repeat(NARROW.has(cell) ? NARROW_WIDTH : NUMBER_WIDTH)}`;
    numbers.push({ cell, end: line.length, mayBeNull });
  };
  /** Returns where it begins; it has quotes. */
  const text = (name: string, width: number): number => {
    line += `"${name}":`;
    const begin = line.length;
    line += ' '.repeat(width + 2);
    return begin;
  };
  const json = (value: string | null): string => ascii(JSON.stringify(value));
  const { family, owners } = socket;
  line += `{"family":${family},`;
  const local = text('local', END_WIDTH[family]);
  line += ',';
  const remote = text('remote', END_WIDTH[family]);
  line += `,"state":"${socket.state}",`;
  number('inode', CELL.inode, false);
  line += ',';
  const cookie = text('cookie', COOKIE_WIDTH);
  line += ',';
  number('uid', CELL.uid, false);
  line += ',"owners":[';
  for (const { command } of owners) {
    line += '{';
    number('pid', CELL.ownerPid, false);
    line += `,"command":${json(command)},`;
    number('fd', CELL.ownerFd, false);
    line += ',"blockedIn":null}';
  }
  line += '],"keepalive":';
  if (keepalive === KNOWN_BY.timerOff) line += '{"source":"timer","enabled":false}';
  else if (keepalive === KNOWN_BY.timerOn) {
    line += '{"source":"timer","enabled":true,';
    number('periodAtLeastMs', CELL.idleMs, false);
    line += '}';
  } else {
    line += `{"source":"getsockopt","enabled":${keepalive === KNOWN_BY.exactOn}`;
    for (const name of ['idleMs', 'intervalMs', 'count', 'userTimeoutMs'] as const) {
      line += ',';
      number(name, CELL[name], false);
    }
    line += '}';
  }
  line += `,"recognised":${json(socket.recognised)}`;
  for (const name of MAY_BE_NULL) {
    line += ',';
    number(name, CELL[name], true);
  }
  line += `,"receiveTimeoutMs":null,"verified":null,"risk":${json(socket.risk)}}`;
  return { bytes: new TextEncoder().encode(line), numbers, local, remote, cookie };
}

const MAY_BE_NULL = [
  ...(['nextProbeMs', 'lastReceivedMs', 'lastSentMs', 'lastAcknowledgedMs'] as const),
  ...(['unacked', 'retransmits', 'unansweredProbes'] as const),
] as const;

/** Writes into a line at `start` the values of the row whose cells begin at `cell`. */
function fill(
  bytes: Uint8Array,
  start: number,
  { numbers, local, remote, cookie }: Template,
  cells: Uint32Array,
  row: number,
  hosts: readonly Uint8Array[],
): void {
  putEnd(bytes, start + local, hosts[cells[row + CELL.localHost] ?? 0], cells[row + CELL.localPort] ?? 0);
  putEnd(bytes, start + remote, hosts[cells[row + CELL.remoteHost] ?? 0], cells[row + CELL.remotePort] ?? 0);
  putCookie(bytes, start + cookie, cells[row + CELL.cookieLow] ?? NONE, cells[row + CELL.cookieHigh] ?? NONE);
  for (let index = 0; index < numbers.length; index += 1) {
    const number = numbers[index];
    if (number === undefined) continue;
    const value = cells[row + number.cell] ?? NONE;
    if (number.mayBeNull && value === NONE) putNull(bytes, start + number.end - 4);
    else putNumber(bytes, start + number.end, value);
  }
}

/** 00, 01 and so on to 99. */
const PAIRS = new TextEncoder().encode(
  Array.from({ length: 100 }, (_, pair) => String(pair).padStart(2, '0')).join(''),
);
const QUOTE = 34;
const ZERO = 48;

/** An address with its port, in quotes. */
function putEnd(bytes: Uint8Array, begin: number, host: Uint8Array | undefined, port: number): void {
  let at = begin;
  bytes[at] = QUOTE;
  at += 1;
  if (host !== undefined) {
    for (let index = 0; index < host.length; index += 1) bytes[at + index] = host[index] ?? 0;
    at += host.length;
  }
  at += port < 10 ? 1 : port < 100 ? 2 : port < 1000 ? 3 : port < 10_000 ? 4 : 5;
  putNumber(bytes, at, port);
  bytes[at] = QUOTE;
}

/** In hexadecimal without leading zeros, in quotes; or null. */
function putCookie(bytes: Uint8Array, begin: number, low: number, high: number): void {
  if (low === NONE && high === NONE) {
    putNull(bytes, begin);
    return;
  }
  const digits = high === 0 ? hexDigits(low) : 8 + hexDigits(high);
  bytes[begin] = QUOTE;
  for (let place = 0; place < digits; place += 1) {
    const digit = (place < 8 ? low >>> (4 * place) : high >>> (4 * place - 32)) & 15;
    bytes[begin + digits - place] = digit < 10 ? ZERO + digit : 87 + digit;
  }
  bytes[begin + digits + 1] = QUOTE;
}

function hexDigits(value: number): number {
  return Math.max(1, 8 - (Math.clz32(value) >> 2));
}

function putNull(bytes: Uint8Array, begin: number): void {
  bytes[begin] = 110;
  bytes[begin + 1] = 117;
  bytes[begin + 2] = 108;
  bytes[begin + 3] = 108;
}

/** In decimal, so that it ends before `end`. */
function putNumber(bytes: Uint8Array, end: number, value: number): void {
  let at = end;
  let rest = value >>> 0;
  while (rest > 9) {
    const hundreds = (rest / 100) >>> 0;
    const pair = 2 * (rest - 100 * hundreds);
    at -= 2;
    bytes[at] = PAIRS[pair] ?? ZERO;
    bytes[at + 1] = PAIRS[pair + 1] ?? ZERO;
    rest = hundreds;
  }
  if (rest > 0 || at === end) bytes[at - 1] = ZERO + rest;
}

function ascii(json: string): string {
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
