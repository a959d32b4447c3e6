/** One connection of the responder: plain data, or requests, one a line, as startResponder() describes them. */
import type { Socket } from 'node:net';
import { formatDuration, parseDuration } from '../../base/units.ts';
import { DONE_LINE, GREETING, REFUSAL, SPOKEN_LINE } from '../../connections/responder-lines.ts';
import type { ServeData } from './report.ts';

/** A request is one line of at most so many bytes with its end, and has so long to come. */
const LONGEST_REQUEST_BYTES = 256;
const REQUEST_MS = 10_000;
/** How long a refused client has to hang up by itself. */
const PARTING_MS = 1000;

/** What one connection may do and must tell. */
export interface Account {
  mode: ServeData['mode'];
  /** Of the responder's own life. */
  leftMs(): number;
  received(sizeBytes: number): void;
  sent(sizeBytes: number): void;
  spoke(): void;
  /** What to do when a name is called, of all connections. */
  called: Map<string, () => void>;
  log(what: string): void;
}

interface Served {
  socket: Socket;
  account: Account;
  /** The beginning of what may become a request; null: this connection is plain data. */
  pending: Buffer | null;
  isRequests: boolean;
  /** Calls off the request that is running; null: none is. */
  callOff: (() => void) | null;
  /** Until the rest of a line must have come; null: nothing is waited for. */
  patience: NodeJS.Timeout | null;
  /** Until a refused client is hung up on; null: it was not refused. */
  parting: NodeJS.Timeout | null;
}

/** Treats one connection until it ends. */
export function serve(socket: Socket, account: Account): void {
  const served: Served = {
    socket,
    account,
    pending: Buffer.alloc(0),
    isRequests: false,
    callOff: null,
    patience: null,
    parting: null,
  };
  socket.on('data', (chunk) => receive(served, chunk));
  socket.on('close', () => {
    stopWaiting(served);
    served.callOff?.();
    clearTimeout(served.parting ?? undefined);
    served.pending = null;
  });
}

function receive(served: Served, chunk: Buffer): void {
  const { account, parting, pending, isRequests } = served;
  account.received(chunk.length);
  if (parting !== null) return;
  if (pending === null) {
    treatAsData(served, chunk);
    return;
  }
  served.pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
  const begins = isRequests ? GREETING : served.pending.toString('latin1', 0, GREETING.length);
  if (!GREETING.startsWith(begins)) becomeData(served);
  else if (begins.length < GREETING.length) waitForTheRest(served);
  else {
    served.isRequests = true;
    readRequests(served);
  }
}

function readRequests(served: Served): void {
  while (served.pending !== null && served.pending.length > 0) {
    const { pending } = served;
    const end = pending.indexOf('\n');
    if (end >= LONGEST_REQUEST_BYTES || (end < 0 && pending.length >= LONGEST_REQUEST_BYTES)) {
      refuse(served, `a line is longer than ${LONGEST_REQUEST_BYTES} bytes`);
      return;
    }
    if (end < 0) {
      waitForTheRest(served);
      return;
    }
    // A copy, so that a short rest does not hold on to a large chunk.
    served.pending = Buffer.from(pending.subarray(end + 1));
    stopWaiting(served);
    fulfil(served, pending.toString('latin1', 0, end));
  }
}

function fulfil(served: Served, line: string): void {
  const { account } = served;
  const { called } = account;
  const asked = served.callOff === null ? readRequest(line, account.leftMs()) : 'one request at a time';
  if (typeof asked === 'string') {
    refuse(served, asked);
    return;
  }
  switch (asked.kind) {
    case 'after': {
      account.log(`asks to be spoken to after ${formatDuration(asked.afterMs)}`);
      const timer = setTimeout(speak, asked.afterMs, served);
      served.callOff = () => clearTimeout(timer);
      return;
    }
    case 'when': {
      const { name } = asked;
      if (called.has(name)) {
        refuse(served, 'that name is taken');
        return;
      }
      account.log('asks to be spoken to when it is called');
      served.callOff = () => called.delete(name);
      called.set(name, () => {
        called.delete(name);
        speak(served);
      });
      return;
    }
    case 'now': {
      const call = called.get(asked.name);
      if (call === undefined) {
        refuse(served, 'no connection of that name waits');
        return;
      }
      call();
      send(served, DONE_LINE);
      return;
    }
    default:
      asked satisfies never;
  }
}

/** What a line asks for. */
type Request = { kind: 'after'; afterMs: number } | { kind: 'when' | 'now'; name: string };

/** A text says why the line is no request. */
function readRequest(line: string, leftMs: number): Request | string {
  const [, kind, name] = /^kaprobe speak-(when|now) ([0-9a-f]{32})\r?$/.exec(line) ?? [];
  if ((kind === 'when' || kind === 'now') && name !== undefined) return { kind, name };
  const [, text] = /^kaprobe speak-after ([0-9a-z.]{1,32})\r?$/.exec(line) ?? [];
  if (text === undefined) return 'not a request; one reads kaprobe speak-after DURATION';
  const parsed = parseDuration(text);
  if (parsed.kind === 'invalid') return `the duration ${parsed.reason}`;
  if (parsed.ms < 1 || parsed.ms > leftMs) return 'the time must be at least 1 ms and within what is left of mine';
  return { kind: 'after', afterMs: parsed.ms };
}

function speak(served: Served): void {
  served.callOff = null;
  served.account.spoke();
  send(served, SPOKEN_LINE);
}

function send({ socket, account }: Served, bytes: Buffer | string): void {
  account.sent(bytes.length); // texts here are ASCII
  if (socket.write(bytes)) return;
  socket.pause();
  socket.once('drain', () => socket.resume());
}

function refuse(served: Served, why: string): void {
  const { socket, account } = served;
  account.log(`refused: ${why}`);
  stopWaiting(served);
  served.callOff?.();
  const line = `${REFUSAL}${why}\n`;
  account.sent(line.length);
  served.pending = null;
  socket.end(line);
  socket.resume();
  // What still comes is thrown away: to close with it unread would be a reset, which takes the line with it.
  served.parting = setTimeout(() => socket.destroy(), PARTING_MS);
}

function treatAsData(served: Served, bytes: Buffer): void {
  if (served.account.mode === 'echo' && bytes.length > 0) send(served, bytes);
}

function becomeData(served: Served): void {
  stopWaiting(served);
  const bytes = served.pending ?? Buffer.alloc(0);
  served.pending = null;
  treatAsData(served, bytes);
}

function waitForTheRest(served: Served): void {
  served.patience ??= setTimeout(() => {
    served.patience = null;
    if (!served.isRequests) becomeData(served);
    else refuse(served, `no end of the line within ${formatDuration(REQUEST_MS)}`);
  }, REQUEST_MS);
}

function stopWaiting(served: Served): void {
  clearTimeout(served.patience ?? undefined);
  served.patience = null;
}
