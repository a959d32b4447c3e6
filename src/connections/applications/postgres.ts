import type { Application } from './application.ts';
import { type Channel, converse, type Dialogue, oneLine, refused } from './conversation.ts';

/** What one message may take up; libpq takes errors of up to 30,000 bytes before authentication. */
const LONGEST_MESSAGE_BYTES = 64 * 1024;
/** What may come before a request is answered: parameters and notices. */
const MOST_BYTES = 256 * 1024;
/** Types of messages that a server may send (PostgreSQL, "Message Formats"). */
const SERVER_TYPES = 'RKSZENAvICDTGHWVdcnst123';
/** Those that may come at any time, or before ReadyForQuery, and mean nothing here. */
const PASSED_OVER = 'KSNAvIC';

/** A message of the server: its type, and what follows the length. */
interface PostgresMessage {
  type: string;
  body: Uint8Array;
}

/** What the bytes so far hold. */
interface PostgresReading {
  messages: PostgresMessage[];
  /** Why what follows the messages is not one; null when it may be the beginning of the next. */
  malformed: string | null;
  /** What follows the messages; at most one message's length when not malformed. */
  rest: Uint8Array;
}

/**
 * PostgreSQL, protocol 3.0: a session as user `postgres`, without a password, and an empty query for each further request. A
 * server that asks for a password refuses, and logs the attempt.
 */
export const application: Application = {
  schemes: { postgres: { port: 5432, tls: false }, postgresql: { port: 5432, tls: false } },
  open: (stream) => converse(stream, speak),
};

function speak({ send, answer }: Channel): Dialogue {
  let rest: Uint8Array = new Uint8Array();
  let started = false;
  let asked = false;
  let byteCount = 0;
  let unasked: string | null = null;
  const take = ({ type, body }: PostgresMessage): void => {
    switch (type) {
      case 'R': {
        const wanted = describeAuthentication(body);
        if (wanted !== null) answer(refused(`the server asks for ${wanted}, which kaprobe does not send`));
        return;
      }
      case 'E':
        unasked = describeError(body);
        if (asked) answer(refused(`the server says ${unasked}`));
        return;
      case 'Z':
        if (asked) answer({ kind: 'replied', summary: started ? 'empty query answered' : 'session ready for queries' });
        asked = false;
        started = true;
        return;
      default:
        if (!PASSED_OVER.includes(type)) answer(refused(`the server sends a message of type ${type}, unasked`));
    }
  };
  return {
    ask: () => {
      asked = true;
      byteCount = 0;
      unasked = null;
      send(started ? EMPTY_QUERY : STARTUP);
    },
    receive: (bytes) => {
      byteCount += bytes.length;
      const reading = readPostgresMessages(rest.length === 0 ? bytes : Buffer.concat([rest, bytes]));
      rest = reading.rest;
      for (const message of reading.messages) take(message);
      if (reading.malformed !== null) answer(refused(reading.malformed));
      if (asked && byteCount > MOST_BYTES) answer(refused('the server sends more than 256 KiB before its reply'));
    },
    lastWords: () => unasked,
    close: () => {},
  };
}

/** StartupMessage: its length, 196608 for protocol 3.0, pairs of name and value, an empty name. */
const STARTUP = startupMessage({ user: 'postgres', database: 'postgres', application_name: 'kaprobe' });
/** Query: type, length, an empty text. */
const EMPTY_QUERY = Buffer.from('Q\0\0\0\x05\0');

function startupMessage(parameters: Record<string, string>): Uint8Array {
  const pairs = Object.entries(parameters).flatMap(([name, value]) => [`${name}\0`, `${value}\0`]);
  const body = Buffer.from(`${pairs.join('')}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + body.length, 0);
  head.writeInt32BE(196_608, 4);
  return Buffer.concat([head, body]);
}

/** Cuts the bytes into messages: a type, a length that counts itself, a body. */
export function readPostgresMessages(bytes: Uint8Array): PostgresReading {
  const messages: PostgresMessage[] = [];
  let rest = bytes;
  for (;;) {
    const sizeBytes = sizeOfFirst(rest);
    if (typeof sizeBytes === 'string') return { messages, malformed: sizeBytes, rest };
    if (sizeBytes === null || rest.length < sizeBytes) return { messages, malformed: null, rest };
    messages.push({ type: String.fromCharCode(rest[0] ?? 0), body: rest.subarray(5, sizeBytes) });
    rest = rest.subarray(sizeBytes);
  }
}

/** The length of the message that the bytes begin with; null when that cannot be known yet; why they do not begin with one. */
function sizeOfFirst(bytes: Uint8Array): number | string | null {
  const [type] = bytes;
  if (type === undefined) return null;
  if (!SERVER_TYPES.includes(String.fromCharCode(type))) return `the peer does not speak PostgreSQL: ${quoted(bytes)}`;
  if (bytes.length < 5) return null;
  const lengthBytes = new DataView(bytes.buffer, bytes.byteOffset, 5).getUint32(1);
  if (lengthBytes < 4 || lengthBytes >= LONGEST_MESSAGE_BYTES) {
    return `the peer does not speak PostgreSQL: a message of ${lengthBytes} bytes, ${quoted(bytes)}`;
  }
  return 1 + lengthBytes;
}

function quoted(bytes: Uint8Array): string {
  return JSON.stringify(oneLine(Buffer.from(bytes.subarray(0, 40)).toString('latin1')));
}

/** What an Authentication message asks for; null when it asks for nothing (AuthenticationOk). */
export function describeAuthentication(body: Uint8Array): string | null {
  const code = body.length < 4 ? null : Buffer.from(body.subarray(0, 4)).readInt32BE(0);
  switch (code) {
    case 0:
      return null;
    case 2:
      return 'Kerberos V5';
    case 3:
      return 'a password (in clear text)';
    case 5:
      return 'a password (MD5)';
    case 7:
      return 'GSSAPI';
    case 9:
      return 'SSPI';
    case 10:
      return `a password (${listOf(body.subarray(4)) || 'SASL'})`;
    default:
      return `an authentication of kind ${code ?? 'unknown'}`;
  }
}

/** The mechanisms of an AuthenticationSASL: texts that end with 0, after the last one another 0. */
function listOf(bytes: Uint8Array): string {
  return oneLine(Buffer.from(bytes).toString('latin1').split('\0').filter(Boolean).join(', '));
}

/** An ErrorResponse in a line, such as `FATAL 28000: no pg_hba.conf entry`: fields of a letter and a text that ends with 0. */
export function describeError(body: Uint8Array): string {
  const fields = Buffer.from(body).toString().split('\0');
  const field = (letter: string): string => fields.find((text) => text.startsWith(letter))?.slice(1) ?? '';
  return (
    oneLine(`${field('V') || field('S')} ${field('C')}: ${field('M')}`).replace(/^:$/, '') || 'nothing but "error"'
  );
}
