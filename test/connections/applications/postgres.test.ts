import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  describeAuthentication,
  describeError,
  application as postgres,
  readPostgresMessages,
} from '../../../src/connections/applications/postgres.ts';
import { fakePeer, inPieces, patient } from './fake-peer.ts';

const target = { host: 'db.example', port: 5432, tls: false };
const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

function message(type: string, body: string | Uint8Array): Buffer {
  const content = typeof body === 'string' ? bytesOf(body) : body;
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeUInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}

const AUTHENTICATION_OK = message('R', '\0\0\0\0');
const SASL = message('R', '\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0');
const PARAMETER = message('S', 'server_version\x0015.18 (Debian 15.18-0+deb12u1)\0');
const KEY = message('K', '\0\0\x12\x34\x56\x78\x9a\xbc');
const READY = message('Z', 'I');
const EMPTY = message('I', '');
const fields = (severity: string, code: string, text: string): string =>
  `S${severity}\0V${severity}\0C${code}\0M${text}\0Fauth.c\0L543\0RClientAuthentication\0\0`;
const NO_ENTRY = message('E', fields('FATAL', '28000', 'no pg_hba.conf entry for host "192.0.2.1", user "postgres"'));
const IDLE = message('E', fields('FATAL', '57P05', 'terminating connection due to idle-session timeout'));
const NOTICE = message('N', fields('WARNING', '01000', 'database has a collation version mismatch'));
const SESSION = Buffer.concat([AUTHENTICATION_OK, PARAMETER, KEY, NOTICE, READY]);

describe('a conversation in PostgreSQL', () => {
  test('starts a session, then asks an empty query each time', async () => {
    const peer = fakePeer();
    const conversation = postgres.open(peer.stream, target);
    const first = conversation.request(patient());
    await expect(peer.heard()).resolves.toBe(
      '\0\0\0\x42\0\x03\0\0user\0postgres\0database\0postgres\0application_name\0kaprobe\0\0',
    );
    peer.say(SESSION);
    await expect(first).resolves.toMatchObject({ kind: 'replied', summary: 'session ready for queries' });
    for (let round = 0; round < 3; round += 1) {
      const next = conversation.request(patient());
      await expect(peer.heard()).resolves.toBe('Q\0\0\0\x05\0');
      peer.say(Buffer.concat([EMPTY, READY]));
      await expect(next).resolves.toMatchObject({ kind: 'replied', summary: 'empty query answered' });
    }
  });

  test('is not put out by a parameter that changes in between, even if it comes in two halves', async () => {
    const peer = fakePeer();
    const conversation = postgres.open(peer.stream, target);
    const first = conversation.request(patient());
    peer.say(SESSION);
    peer.say(PARAMETER.subarray(0, 9));
    await first;
    const second = conversation.request(patient());
    peer.say(Buffer.concat([PARAMETER.subarray(9), EMPTY, READY]));
    await expect(second).resolves.toMatchObject({ kind: 'replied' });
  });

  test.each([
    ['a password (SCRAM-SHA-256-PLUS, SCRAM-SHA-256)', SASL],
    ['a password (SASL)', message('R', '\0\0\0\x0a')],
    ['a password (MD5)', message('R', '\0\0\0\x05salt')],
    ['a password (in clear text)', message('R', '\0\0\0\x03')],
    ['Kerberos V5', message('R', '\0\0\0\x02')],
    ['GSSAPI', message('R', '\0\0\0\x07')],
    ['SSPI', message('R', '\0\0\0\x09')],
    ['an authentication of kind 99', message('R', '\0\0\0\x63')],
    ['an authentication of kind unknown', message('R', '\0')],
  ])('is refused by a server that asks for %s', async (wanted, bytes) => {
    const peer = fakePeer();
    const answer = postgres.open(peer.stream, target).request(patient());
    peer.say(bytes);
    await expect(answer).resolves.toEqual({
      kind: 'refused',
      reason: `the server asks for ${wanted}, which kaprobe does not send`,
    });
  });

  test('is refused by an error, with its text', async () => {
    const peer = fakePeer();
    const conversation = postgres.open(peer.stream, target);
    const answer = conversation.request(patient());
    peer.say(NO_ENTRY);
    peer.finish();
    const refused = {
      kind: 'refused',
      reason: 'the server says FATAL 28000: no pg_hba.conf entry for host "192.0.2.1", user "postgres"',
    };
    await expect(answer).resolves.toEqual(refused);
    await expect(conversation.request(patient())).resolves.toEqual(refused);
  });

  test('keeps the reason that a server gives before it hangs up', async () => {
    const peer = fakePeer();
    const conversation = postgres.open(peer.stream, target);
    const first = conversation.request(patient());
    peer.say(SESSION);
    await first;
    peer.say(IDLE);
    peer.finish();
    await new Promise((resolve) => peer.stream.once('end', resolve));
    await expect(conversation.request(patient())).resolves.toMatchObject({
      kind: 'ended',
      how: 'closed',
      lastWords: 'FATAL 57P05: terminating connection due to idle-session timeout',
    });
  });

  test.each([
    ['HTTP/1.1 400 Bad Request\r\n\r\n', /a message of 1414811695 bytes, "HTTP\/1.1 400 Bad Request"$/],
    ['SSH-2.0-OpenSSH_9.2\r\n', /a message of \d+ bytes, "SSH-2.0-OpenSSH_9.2"$/],
    ['-ERR unknown command\r\n', /PostgreSQL: "-ERR unknown command"$/],
    ['R\0\0\0\x03', /a message of 3 bytes/],
    ['R\xff\xff\xff\xff', /a message of 4294967295 bytes/],
    [message('D', '\0\0'), /a message of type D, unasked/],
  ])('is refused by a peer that says something else', async (text, reason) => {
    const peer = fakePeer();
    const answer = postgres.open(peer.stream, target).request(patient());
    peer.say(text);
    await expect(answer).resolves.toEqual({ kind: 'refused', reason: expect.stringMatching(reason) });
  });

  test('is refused by a server that goes on about its parameters', async () => {
    const peer = fakePeer();
    const answer = postgres.open(peer.stream, target).request(patient());
    const parameters = Buffer.concat(Array.from({ length: 1000 }, () => PARAMETER));
    for (let round = 0; round < 10; round += 1) peer.say(parameters);
    await expect(answer).resolves.toEqual({
      kind: 'refused',
      reason: 'the server sends more than 256 KiB before its reply',
    });
  });
});

/** Bytes as a server sends them, and such with some of them changed. */
const traffic = fc
  .tuple(
    fc.array(fc.oneof(fc.constantFrom(SESSION, SASL, NO_ENTRY, IDLE, EMPTY, READY), fc.uint8Array({ maxLength: 40 }))),
    fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }),
  )
  .map(([parts, changes]) => {
    const bytes = Buffer.concat(parts);
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    return bytes;
  });

describe('readPostgresMessages', () => {
  test('cuts a session into its messages', () => {
    const { messages, malformed, rest } = readPostgresMessages(SESSION);
    expect(messages.map(({ type }) => type)).toEqual(['R', 'S', 'K', 'N', 'Z']);
    expect({ malformed, restBytes: rest.length }).toEqual({ malformed: null, restBytes: 0 });
  });

  test('makes of any bytes messages and a rest, or says that they are malformed', () => {
    fc.assert(
      fc.property(traffic, (bytes) => {
        const { messages, malformed, rest } = readPostgresMessages(bytes);
        const sizes = messages.map(({ body }) => body.length + 5);
        expect(sizes.reduce((sum, size) => sum + size, rest.length)).toBe(bytes.length);
        if (malformed === null) expect(rest.length).toBeLessThan(64 * 1024);
        else expect(malformed).toContain('the peer does not speak PostgreSQL: ');
      }),
    );
  });

  test('comes to the same reply however the bytes are cut', async () => {
    const ask = async (pieces: readonly Uint8Array[]) => {
      const peer = fakePeer();
      const answer = postgres.open(peer.stream, target).request(patient());
      for (const piece of pieces) peer.say(piece);
      peer.finish();
      const reply = await answer;
      return 'afterMs' in reply ? { ...reply, afterMs: null } : reply;
    };
    const same = fc.asyncProperty(traffic, fc.array(fc.integer({ min: 1, max: 60 })), async (bytes, sizes) => {
      const whole = await ask([bytes]);
      expect(['replied', 'refused', 'ended']).toContain(whole.kind);
      const cut = await ask(inPieces(bytes, sizes));
      expect(cut.kind).toBe(whole.kind);
    });
    await fc.assert(same);
  });
});

describe('describeError and describeAuthentication', () => {
  test('make of any body one line of at most 200 characters', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string().map(bytesOf)), (body) => {
        for (const text of [describeError(body), describeAuthentication(body) ?? '']) {
          expect(text).not.toMatch(/\p{C}/u);
          expect(text.length).toBeLessThan(250);
        }
      }),
    );
  });

  test('an error without fields has a text all the same', () => {
    expect(describeError(new Uint8Array())).toBe('nothing but "error"');
  });
});
