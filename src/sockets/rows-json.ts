/** Live sockets as JSON, written straight from their rows. */
import { endianness } from 'node:os';
import { KERNEL_CELL, NONE } from '../linux/kernel-rows.ts';
import { CELL, SocketCursor, type SocketRows, type SocketTable, socketAt } from './socket-table.ts';

const LITTLE_ENDIAN = endianness() === 'LE';
const CHUNK_BYTES = 1024 * 1024;
/** The most that one value takes: `"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535"`. */
const WIDEST_VALUE = 56;

/**
 * Writes sockets as the elements of a JSON array, one a line, in chunks of bytes. Of a hundred thousand sockets this is what a user waits for, so it
 * takes a tenth of the time of JSON.stringify(): that is asked once for each kind of line, and in the others of that kind only the values are new that
 * each socket has of its own. Everything beyond ASCII is escaped, so that nothing unprintable is left. A chunk is overwritten by the next: who keeps it
 * must copy it.
 */
export function* liveSocketsJson({ table, rows }: SocketRows, indent: string): Generator<Uint8Array> {
  const fill = lineWriter(table, `,\n${indent}`);
  let begin = 1; // before the first line is no comma
  for (let place = 0; place < rows.length; ) {
    const chunk = fill(rows, place);
    yield chunk.bytes.subarray(begin, chunk.end);
    place = chunk.place;
    begin = 0;
  }
}

/** A kind of line: texts that its sockets share, each before a value that they have of their own; the last before none. */
interface Template {
  parts: readonly { text: Text; column: Column | null }[];
  mostBytes: number;
}

/** Bytes that are written four at a time, and no more than three beyond their end. */
interface Text {
  words: Uint32Array;
  bytes: number;
}

function textOf(text: string): Text {
  const encoded = new TextEncoder().encode(text);
  const words = new Uint32Array(Math.ceil(encoded.length / 4));
  new Uint8Array(words.buffer).set(encoded);
  return { words, bytes: encoded.length };
}

/** A value that each socket has of its own: how it is written, and where it stands in a row. */
interface Column {
  kind: 'number' | 'number-or-null' | 'end' | 'cookie';
  /** The first of its cells. */
  cell: number;
}

/** By their names in LiveSocket. */
const COLUMNS: Readonly<Record<string, Column>> = {
  local: { kind: 'end', cell: KERNEL_CELL.localHost },
  remote: { kind: 'end', cell: KERNEL_CELL.remoteHost },
  inode: { kind: 'number', cell: KERNEL_CELL.inode },
  cookie: { kind: 'cookie', cell: KERNEL_CELL.cookieLow },
  uid: { kind: 'number', cell: KERNEL_CELL.uid },
  pid: { kind: 'number', cell: CELL.ownerPid },
  fd: { kind: 'number', cell: CELL.ownerFd },
  idleMs: { kind: 'number', cell: CELL.idleMs },
  intervalMs: { kind: 'number', cell: CELL.intervalMs },
  count: { kind: 'number', cell: CELL.count },
  userTimeoutMs: { kind: 'number', cell: CELL.userTimeoutMs },
  periodAtLeastMs: { kind: 'number', cell: KERNEL_CELL.expiresMs },
  nextProbeMs: { kind: 'number-or-null', cell: CELL.nextProbeMs },
  lastReceivedMs: { kind: 'number-or-null', cell: KERNEL_CELL.lastReceivedMs },
  lastSentMs: { kind: 'number-or-null', cell: KERNEL_CELL.lastSentMs },
  lastAcknowledgedMs: { kind: 'number-or-null', cell: KERNEL_CELL.lastAcknowledgedMs },
  unacked: { kind: 'number-or-null', cell: KERNEL_CELL.unacked },
  retransmits: { kind: 'number-or-null', cell: KERNEL_CELL.retransmits },
  unansweredProbes: { kind: 'number-or-null', cell: KERNEL_CELL.unansweredProbes },
};

/** A name and its value, which is not within a text: there the quotes would be escaped. */
const NAME_AND_VALUE = /"(\w+)":("(?:[^"\\]|\\.)*"|null|\d+)/g;

/** The line of a socket, with its own values left out. */
function makeTemplate(socket: SocketCursor, before: string): Template {
  const json = before + asciiJson(socketAt(socket));
  const parts: Template['parts'][number][] = [];
  let from = 0;
  for (const { 0: found, 1: name = '', 2: value = '', index } of json.matchAll(NAME_AND_VALUE)) {
    const column = name === 'nextProbeMs' && !socket.isExact ? COLUMNS['periodAtLeastMs'] : COLUMNS[name];
    // Of a timer that is off all have null.
    if (column === undefined || (name === 'nextProbeMs' && value === 'null' && !socket.isExact)) continue;
    const end = index + found.length;
    parts.push({ text: textOf(json.slice(from, end - value.length)), column });
    from = end;
  }
  parts.push({ text: textOf(json.slice(from)), column: null });
  return { parts, mostBytes: parts.reduce((sum, { text }) => sum + text.bytes + WIDEST_VALUE, 0) };
}

/** Returns a function that finds the template for a socket; null: it has what no line of a kind has. */
function templateFinder(before: string): (socket: SocketCursor) => Template | null {
  const byKind = new Map<number, Map<string | null | undefined, Template>>();
  return (socket) => {
    if (socket.hasExtras) return null;
    const { kindNumber: kind, command } = socket;
    let byCommand = byKind.get(kind);
    if (byCommand === undefined) {
      byCommand = new Map();
      byKind.set(kind, byCommand);
    }
    let template = byCommand.get(command);
    if (template === undefined) {
      template = makeTemplate(socket, before);
      byCommand.set(command, template);
    }
    return template;
  };
}

/** A chunk that was written: up to which byte, and up to which place in the list. */
interface Chunk {
  bytes: Uint8Array;
  end: number;
  place: number;
}

/** Returns a function that writes as many lines as there is room for, from a place in the list on; one that is too long by itself gets more room. */
function lineWriter(table: SocketTable, before: string): (rows: Uint32Array, from: number) => Chunk {
  const encoder = new TextEncoder();
  const socket = new SocketCursor(table);
  const templateFor = templateFinder(before);
  const hosts = table.hosts.map(textOf);
  const bytes = new Uint8Array(CHUNK_BYTES);
  const view = new DataView(bytes.buffer);
  return (rows, from) => {
    let end = 0;
    let place = from;
    for (; place < rows.length; place += 1) {
      socket.moveTo(rows[place] ?? 0);
      const template = templateFor(socket);
      if (template === null) {
        const line = encoder.encode(before + asciiJson(socketAt(socket)));
        if (end + line.length > bytes.length) {
          if (end > 0) break;
          return { bytes: line, end: line.length, place: place + 1 };
        }
        bytes.set(line, end);
        end += line.length;
      } else {
        if (end + template.mostBytes > bytes.length) break;
        end = writeLine(view, end, template, table.cells, socket.row * table.rowCells, hosts);
      }
    }
    return { bytes, end, place };
  };
}

/** Writes the line of the row whose cells begin at `row`; returns where it ends. */
function writeLine(
  view: DataView,
  start: number,
  { parts }: Template,
  cells: Uint32Array,
  row: number,
  hosts: readonly Text[],
): number {
  let at = start;
  for (const { text, column } of parts) {
    at = putText(view, at, text);
    if (column === null) break;
    const value = cells[row + column.cell] ?? NONE;
    const next = cells[row + column.cell + 1] ?? NONE;
    if (column.kind === 'end') at = putEnd(view, at, hosts[value] ?? NULL, next);
    else if (column.kind === 'cookie' && !(value === NONE && next === NONE)) at = putCookie(view, at, value, next);
    else if (column.kind === 'number' || value !== NONE) at = putNumber(view, at, value);
    else at = putText(view, at, NULL);
  }
  return at;
}

const NULL = textOf('null');
const QUOTE = 34;
const ZERO = 48;

// Each of these writes from `at` on and returns where it ended.

function putText(view: DataView, at: number, { words, bytes }: Text): number {
  for (let index = 0; index < words.length; index += 1)
    view.setUint32(at + 4 * index, words[index] ?? 0, LITTLE_ENDIAN);
  return at + bytes;
}

/** An address with its port, in quotes. */
function putEnd(view: DataView, at: number, host: Text, port: number): number {
  view.setUint8(at, QUOTE);
  const end = putNumber(view, putText(view, at + 1, host), port);
  view.setUint8(end, QUOTE);
  return end + 1;
}

/** In hexadecimal without leading zeros, in quotes. */
function putCookie(view: DataView, at: number, low: number, high: number): number {
  const digits = high === 0 ? hexDigits(low) : 8 + hexDigits(high);
  view.setUint8(at, QUOTE);
  for (let place = 0; place < digits; place += 1) {
    const digit = (place < 8 ? low >>> (4 * place) : high >>> (4 * place - 32)) & 15;
    view.setUint8(at + digits - place, digit < 10 ? ZERO + digit : 87 + digit);
  }
  view.setUint8(at + digits + 1, QUOTE);
  return at + digits + 2;
}

function hexDigits(value: number): number {
  return Math.max(1, 8 - (Math.clz32(value) >> 2));
}

/** 00, 01 and so on to 99, each as the number that its two bytes are. */
const PAIRS = Uint16Array.from({ length: 100 }, (_, pair) => 256 * (ZERO + (pair % 10)) + ZERO + Math.floor(pair / 10));

/** In decimal. */
function putNumber(view: DataView, at: number, value: number): number {
  let end = at + 1;
  for (let more = 10; value >= more; more *= 10) end += 1;
  let place = end - 2;
  let rest = value;
  for (; place >= at; place -= 2) {
    const hundreds = (rest / 100) >>> 0;
    view.setUint16(place, PAIRS[rest - 100 * hundreds] ?? 0, true);
    rest = hundreds;
  }
  if (place + 1 === at) view.setUint8(at, ZERO + rest);
  return end;
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
