import type { Application } from './application.ts';
import { type Channel, converse, type Dialogue, oneLine, refused } from './conversation.ts';

/** Replies to PING and error lines are far shorter. */
const LONGEST_LINE_BYTES = 4096;

/** What the bytes so far hold. */
type RedisReading =
  | {
      kind: 'line';
      /** With its first character, `+` or `-`, and without its end. */
      line: string;
      rest: Uint8Array;
    }
  | { kind: 'more' }
  | { kind: 'malformed'; reason: string };

/** Lines with which a server turns a new connection away, to close it right after; every other error line is a reply. */
const TURNED_AWAY = /^-(DENIED |ERR max number of clients reached)/;

/**
 * Redis: an inline `PING` (Redis serialization protocol specification, "Inline commands"), which every version takes, also before
 * authentication. Any one-line reply will do: `-NOAUTH` comes from a living server just as `+PONG` does.
 */
export const application: Application = {
  schemes: { redis: { port: 6379, tls: false }, rediss: { port: 6379, tls: true } },
  open: (stream) => converse(stream, speak),
};

function speak({ send, answer }: Channel): Dialogue {
  let buffer: Uint8Array = new Uint8Array();
  let asked = false;
  let unasked: string | null = null;
  const take = (line: string): void => {
    if (TURNED_AWAY.test(line)) {
      unasked = oneLine(line);
      answer(refused(`the server turns connections away: ${unasked}`));
    } else if (asked) {
      asked = false;
      answer({ kind: 'replied', summary: oneLine(line) });
    } else {
      unasked = oneLine(line);
    }
  };
  return {
    ask: () => {
      asked = true;
      unasked = null;
      send(Buffer.from('PING\r\n'));
    },
    receive: (bytes) => {
      buffer = buffer.length === 0 ? bytes : Buffer.concat([buffer, bytes]);
      for (;;) {
        const reading = readRedisLine(buffer);
        if (reading.kind === 'more') return;
        if (reading.kind === 'malformed') return answer(refused(reading.reason));
        buffer = reading.rest;
        take(reading.line);
      }
    },
    lastWords: () => unasked,
    close: () => {},
  };
}

/** Reads one simple string or simple error (RESP2) from the front. */
export function readRedisLine(bytes: Uint8Array): RedisReading {
  const [first] = bytes;
  if (first === undefined) return { kind: 'more' };
  const end = bytes.subarray(0, LONGEST_LINE_BYTES).indexOf(0x0a);
  const text = Buffer.from(bytes.subarray(0, end < 0 ? LONGEST_LINE_BYTES : end)).toString();
  if (first !== 0x2b && first !== 0x2d) {
    return { kind: 'malformed', reason: `the peer does not speak Redis: ${JSON.stringify(oneLine(text))}` };
  }
  if (end < 0 && bytes.length >= LONGEST_LINE_BYTES) {
    return {
      kind: 'malformed',
      reason: `the peer does not speak Redis: a line of more than ${LONGEST_LINE_BYTES} bytes`,
    };
  }
  if (end < 0) return { kind: 'more' };
  return { kind: 'line', line: text.replace(/\r$/, ''), rest: bytes.subarray(end + 1) };
}
