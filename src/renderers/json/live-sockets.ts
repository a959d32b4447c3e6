import type { LiveKeepalive, LiveSocket, SocketOwner } from '../../report/sockets.ts';

const CHUNK_BYTES = 1024 * 1024;
/** More than one socket takes in columns, and more than one of its owners does. */
const ROOM_BYTES = 1024;

/**
 * Writes sockets as the elements of a JSON array, one a line, in chunks of bytes. Of a hundred thousand sockets this is what a user waits for, so
 * it takes a tenth of the time of JSON.stringify(): a line is copied from a template with columns wide enough for nearly every value, and
 * only the values are written into it; blanks between JSON's tokens mean nothing. What does not fit is left to JSON.stringify(). Everything
 * beyond ASCII is escaped, so that nothing unprintable is left.
 */
export function* liveSocketsJson(sockets: readonly LiveSocket[], indent: string): Generator<Uint8Array> {
  let out = openChunk(CHUNK_BYTES);
  let separator = `\n${indent}`;
  for (const socket of sockets) {
    const json = fits(socket) ? null : separator + ascii(JSON.stringify(socket));
    const roomBytes = json?.length ?? ROOM_BYTES * (1 + socket.owners.length);
    if (out.at + roomBytes > out.bytes.length) {
      yield out.bytes.subarray(0, out.at);
      out = openChunk(Math.max(CHUNK_BYTES, roomBytes));
    }
    if (json !== null) text(out, json);
    else {
      text(out, separator);
      putSocket(out, socket);
    }
    separator = `,\n${indent}`;
  }
  yield out.bytes.subarray(0, out.at);
}

interface Chunk {
  bytes: Uint8Array;
  /** How much of it is written. */
  at: number;
}

function openChunk(size: number): Chunk {
  return { bytes: new Uint8Array(size), at: 0 };
}

/** A part of a line with its values left blank; `ends` says behind which byte each of them ends, or begins where it is a text. */
interface Template {
  bytes: Uint8Array;
  ends: readonly number[];
}

/** Makes one of the constant parts and the widths of the columns between them. */
function template(...parts: readonly (string | { number: number } | { text: number })[]): Template {
  let line = '';
  const ends: number[] = [];
  for (const part of parts) {
    if (typeof part === 'string') line += part;
    else if ('number' in part) {
      line += ' '.repeat(part.number);
      ends.push(line.length);
    } else {
      ends.push(line.length);
      line += ' '.repeat(part.text + 2); // and two quotes
    }
  }
  return { bytes: new TextEncoder().encode(line), ends };
}

/** A 32-bit number, or null. */
const WIDE = { number: 10 };
/** A small number, or null. */
const NARROW = { number: 4 };
const WIDTH = { endV4: 21, endV6: 47, state: 16, cookie: 16, risk: 10 } as const;
const NARROWEST_TOO_MUCH = 10 ** NARROW.number;
const TOO_MUCH = 10 ** WIDE.number;

const headOf = (end: number): Template =>
  template(
    ...['{"family":', { number: 1 }, ',"local":', { text: end }, ',"remote":', { text: end }],
    ...[',"state":', { text: WIDTH.state }, ',"inode":', WIDE, ',"cookie":', { text: WIDTH.cookie }, ',"uid":', WIDE],
    ',"owners":[',
  );
const HEAD_V4 = headOf(WIDTH.endV4);
const HEAD_V6 = headOf(WIDTH.endV6);
const OWNER = template('{"pid":', WIDE, ',"fd":', WIDE, ',"command":');
const EXACT = template(
  ...[',"idleMs":', WIDE, ',"intervalMs":', WIDE, ',"count":', NARROW, ',"userTimeoutMs":', WIDE, '}'],
);
const TIMER_ON = template('],"keepalive":{"source":"timer","enabled":true,"periodAtLeastMs":', WIDE, '}');
const TIMER_OFF = template('],"keepalive":{"source":"timer","enabled":false}');
const TAIL = template(
  ...[',"nextProbeMs":', WIDE, ',"lastReceivedMs":', WIDE, ',"lastSentMs":', WIDE, ',"lastAcknowledgedMs":', WIDE],
  ...[',"unacked":', WIDE, ',"retransmits":', NARROW, ',"unansweredProbes":', NARROW, ',"receiveTimeoutMs":', WIDE],
  ...[',"risk":', { text: WIDTH.risk }, ',"recognised":'],
);

/** Reports whether every value has room in its column, as all but the most unusual do. */
function fits(socket: LiveSocket): boolean {
  const { keepalive } = socket;
  const end = socket.family === 4 ? WIDTH.endV4 : WIDTH.endV6;
  return (
    socket.local.length <= end &&
    socket.remote.length <= end &&
    (socket.cookie === null || socket.cookie.length <= WIDTH.cookie) &&
    isBelow(TOO_MUCH, socket.inode) &&
    isBelow(TOO_MUCH, socket.uid) &&
    isBelow(TOO_MUCH, socket.nextProbeMs) &&
    isBelow(TOO_MUCH, socket.lastReceivedMs) &&
    isBelow(TOO_MUCH, socket.lastSentMs) &&
    isBelow(TOO_MUCH, socket.lastAcknowledgedMs) &&
    isBelow(TOO_MUCH, socket.unacked) &&
    isBelow(NARROWEST_TOO_MUCH, socket.retransmits) &&
    isBelow(NARROWEST_TOO_MUCH, socket.unansweredProbes) &&
    isBelow(TOO_MUCH, socket.receiveTimeoutMs) &&
    socket.verified === null &&
    fitsKeepalive(keepalive)
  );
}

function fitsKeepalive(keepalive: LiveKeepalive): boolean {
  switch (keepalive.source) {
    case 'getsockopt':
      return (
        isBelow(TOO_MUCH, keepalive.idleMs) &&
        isBelow(TOO_MUCH, keepalive.intervalMs) &&
        isBelow(NARROWEST_TOO_MUCH, keepalive.count) &&
        isBelow(TOO_MUCH, keepalive.userTimeoutMs)
      );
    case 'timer':
      return !keepalive.enabled || isBelow(TOO_MUCH, keepalive.periodAtLeastMs);
    case 'unmeasured':
      return false;
    default:
      return keepalive satisfies never;
  }
}

function isBelow(limit: number, value: number | null): boolean {
  return value === null || (value >= 0 && value < limit && Number.isInteger(value));
}

function putSocket(out: Chunk, socket: LiveSocket): void {
  const { keepalive } = socket;
  const head = socket.family === 4 ? HEAD_V4 : HEAD_V6;
  const start = copy(out, head);
  number(out, start, head, 0, socket.family);
  quotedAt(out, start, head, 1, socket.local);
  quotedAt(out, start, head, 2, socket.remote);
  quotedAt(out, start, head, 3, socket.state);
  number(out, start, head, 4, socket.inode);
  quotedAt(out, start, head, 5, socket.cookie);
  number(out, start, head, 6, socket.uid);
  let comma = '';
  for (const owner of socket.owners) {
    text(out, comma);
    putOwner(out, owner);
    comma = ',';
  }
  putKeepalive(out, keepalive);
  const tail = copy(out, TAIL);
  number(out, tail, TAIL, 0, socket.nextProbeMs);
  number(out, tail, TAIL, 1, socket.lastReceivedMs);
  number(out, tail, TAIL, 2, socket.lastSentMs);
  number(out, tail, TAIL, 3, socket.lastAcknowledgedMs);
  number(out, tail, TAIL, 4, socket.unacked);
  number(out, tail, TAIL, 5, socket.retransmits);
  number(out, tail, TAIL, 6, socket.unansweredProbes);
  number(out, tail, TAIL, 7, socket.receiveTimeoutMs);
  quotedAt(out, tail, TAIL, 8, socket.risk);
  if (socket.recognised === null) text(out, 'null,"verified":null}');
  else text(out, `${ascii(JSON.stringify(socket.recognised))},"verified":null}`);
}

function putOwner(out: Chunk, { pid, command, fd, blockedIn }: SocketOwner): void {
  const start = copy(out, OWNER);
  number(out, start, OWNER, 0, pid);
  number(out, start, OWNER, 1, fd);
  // The only text of a socket that is not kaprobe's own.
  text(out, command === null ? 'null' : ascii(JSON.stringify(command)));
  text(out, blockedIn === null ? ',"blockedIn":null}' : `,"blockedIn":"${blockedIn}"}`);
}

function putKeepalive(out: Chunk, keepalive: LiveKeepalive): void {
  if (keepalive.source === 'getsockopt') {
    text(out, keepalive.enabled ? EXACT_ON : EXACT_OFF);
    const start = copy(out, EXACT);
    number(out, start, EXACT, 0, keepalive.idleMs);
    number(out, start, EXACT, 1, keepalive.intervalMs);
    number(out, start, EXACT, 2, keepalive.count);
    number(out, start, EXACT, 3, keepalive.userTimeoutMs);
  } else if (keepalive.source === 'timer' && keepalive.enabled) {
    const start = copy(out, TIMER_ON);
    number(out, start, TIMER_ON, 0, keepalive.periodAtLeastMs);
  } else copy(out, TIMER_OFF);
}

const EXACT_ON = '],"keepalive":{"source":"getsockopt","enabled":true';
const EXACT_OFF = '],"keepalive":{"source":"getsockopt","enabled":false';

/** Writes a template with its values left blank and returns where it begins. */
function copy(out: Chunk, { bytes }: Template): number {
  const start = out.at;
  out.bytes.set(bytes, start);
  out.at = start + bytes.length;
  return start;
}

/** Writes a number, or null, so that it ends where its column does. */
function number({ bytes }: Chunk, start: number, { ends }: Template, column: number, value: number | null): void {
  let at = start + (ends[column] ?? 0) - 1;
  if (value === null) {
    bytes[at - 3] = 110;
    bytes[at - 2] = 117;
    bytes[at - 1] = 108;
    bytes[at] = 108;
    return;
  }
  let rest = value;
  do {
    const tens = Math.floor(rest / 10);
    bytes[at] = 48 + rest - 10 * tens;
    rest = tens;
    at -= 1;
  } while (rest > 0);
}

/** Writes a text of kaprobe's own in quotes, or null, at the beginning of its column. */
function quotedAt({ bytes }: Chunk, start: number, { ends }: Template, column: number, value: string | null): void {
  let at = start + (ends[column] ?? 0);
  if (value === null) {
    bytes[at] = 110;
    bytes[at + 1] = 117;
    bytes[at + 2] = 108;
    bytes[at + 3] = 108;
    return;
  }
  bytes[at] = 34;
  for (let index = 0; index < value.length; index += 1) {
    at += 1;
    bytes[at] = value.charCodeAt(index);
  }
  bytes[at + 1] = 34;
}

function text(out: Chunk, value: string): void {
  const { bytes } = out;
  let { at } = out;
  for (let index = 0; index < value.length; index += 1) {
    bytes[at] = value.charCodeAt(index);
    at += 1;
  }
  out.at = at;
}

function ascii(json: string): string {
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
