import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRedisLine, application as redis } from '../../../src/connections/applications/redis.ts';
import { fakePeer, inPieces, patient, turn } from './fake-peer.ts';

const target = { host: 'cache.example', port: 6379, tls: false };
const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Redis 7.0, in order: answered, asked for a password, still loading, an ACL that forbids it. */
const LINES = [
  '+PONG',
  '-NOAUTH Authentication required.',
  '-LOADING Redis is loading the dataset in memory',
  "-NOPERM User default has no permissions to run the 'ping' command",
];
const PROTECTED =
  '-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user.';

describe('a conversation in Redis', () => {
  test.each(LINES)('takes %s for a reply', async (line) => {
    const peer = fakePeer();
    const answer = redis.open(peer.stream, target).request(patient());
    await expect(peer.heard()).resolves.toBe('PING\r\n');
    peer.say(`${line}\r\n`);
    await expect(answer).resolves.toMatchObject({ kind: 'replied', summary: line });
  });

  test('reads a reply that comes a byte at a time', async () => {
    const peer = fakePeer();
    const answer = redis.open(peer.stream, target).request(patient());
    for (const piece of inPieces(bytesOf('+PONG\r\n'), [1])) peer.say(piece);
    await expect(answer).resolves.toMatchObject({ kind: 'replied', summary: '+PONG' });
  });

  test.each([PROTECTED, '-ERR max number of clients reached'])(
    'is refused by a server that greets with %s',
    async (line) => {
      const peer = fakePeer();
      const conversation = redis.open(peer.stream, target);
      peer.say(`${line}\r\n`);
      await expect(conversation.request(patient())).resolves.toEqual({
        kind: 'refused',
        reason: `the server turns connections away: ${line}`,
      });
    },
  );

  test.each([
    ['SSH-2.0-OpenSSH_9.2\r\n', 'the peer does not speak Redis: "SSH-2.0-OpenSSH_9.2"'],
    ['\x15\x03\x01\x00\x02\x02\x46', 'the peer does not speak Redis: "F"'],
    [`+${'A'.repeat(5000)}`, 'the peer does not speak Redis: a line of more than 4096 bytes'],
  ])('is refused by a peer that says something else', async (text, reason) => {
    const peer = fakePeer();
    const answer = redis.open(peer.stream, target).request(patient());
    peer.say(text);
    await expect(answer).resolves.toEqual({ kind: 'refused', reason });
  });

  test('keeps what a server says before it hangs up', async () => {
    const peer = fakePeer();
    const conversation = redis.open(peer.stream, target);
    peer.say('-ERR shutting down\r\n');
    peer.finish();
    await turn();
    await expect(conversation.request(patient())).resolves.toMatchObject({
      kind: 'ended',
      how: 'closed',
      lastWords: '-ERR shutting down',
    });
  });
});

describe('readRedisLine', () => {
  test('leaves what follows the line', () => {
    expect(readRedisLine(bytesOf('+one\r\n-two\r\n'))).toEqual({
      kind: 'line',
      line: '+one',
      rest: bytesOf('-two\r\n'),
    });
  });

  test.each(['', '+', '+PON', '+PONG\r'])('needs more than %j', (text) => {
    expect(readRedisLine(bytesOf(text))).toEqual({ kind: 'more' });
  });

  const pieces = fc.array(fc.oneof(fc.uint8Array(), fc.constantFrom(...LINES, PROTECTED, '\r\n', '\n').map(bytesOf)));

  test('makes of any bytes a line, a malformed one, or a need for more, and gets shorter with every line', () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        let bytes: Uint8Array = Buffer.concat(parts);
        for (;;) {
          const reading = readRedisLine(bytes);
          if (reading.kind !== 'line') {
            expect(['more', 'malformed']).toContain(reading.kind);
            return;
          }
          expect(reading.line).not.toContain('\n');
          expect(reading.rest.length).toBeLessThan(bytes.length);
          bytes = reading.rest;
        }
      }),
    );
  });

  test('never asks for more than a line may have', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4096, maxLength: 5000 }), (bytes) => {
        bytes[0] = 0x2b;
        expect(readRedisLine(bytes).kind).not.toBe('more');
      }),
    );
  });

  test('reads the same line however it is cut', async () => {
    const asks = fc.asyncProperty(
      fc.constantFrom(...LINES),
      fc.array(fc.integer({ min: 1, max: 9 })),
      async (line, sizes) => {
        const peer = fakePeer();
        const answer = redis.open(peer.stream, target).request(patient());
        for (const piece of inPieces(bytesOf(`${line}\r\n`), sizes)) peer.say(piece);
        expect(await answer).toMatchObject({ kind: 'replied', summary: line });
      },
    );
    await fc.assert(asks);
  });
});
