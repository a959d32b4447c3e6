import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VERSION } from '../../../src/base/version.ts';
import { application as http } from '../../../src/connections/applications/http.ts';
import { fakePeer, inPieces, patient } from './fake-peer.ts';

const target = { host: 'www.example', port: 80, tls: false };
const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

const OK = 'HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 615\r\nConnection: keep-alive\r\n\r\n';
const INTERIM = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n';

async function ask(...said: (string | Uint8Array)[]) {
  const peer = fakePeer();
  const answer = http.open(peer.stream, target).request(patient());
  await peer.heard();
  for (const text of said) peer.say(text);
  peer.finish();
  return answer;
}

describe('a conversation in HTTP', () => {
  test.each([
    ['www.example', 80, false, 'www.example'],
    ['www.example', 8080, false, 'www.example:8080'],
    ['www.example', 443, true, 'www.example'],
    ['www.example', 80, true, 'www.example:80'],
    ['::1', 80, false, '[::1]'],
    ['fe80::1%eth0', 8080, false, '[fe80::1]:8080'],
  ])('asks %s port %i (TLS: %s) with HEAD, under the name %s', async (host, port, tls, name) => {
    const peer = fakePeer();
    const conversation = http.open(peer.stream, { host, port, tls });
    const answer = conversation.request(patient());
    await expect(peer.heard()).resolves.toBe(
      `HEAD / HTTP/1.1\r\nHost: ${name}\r\nUser-Agent: kaprobe/${VERSION}\r\nConnection: keep-alive\r\n\r\n`,
    );
    conversation.close();
    expect((await answer).kind).toBe('ended');
  });

  test.each([
    [OK, 'HTTP/1.1 200 OK'],
    ['HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n', 'HTTP/1.1 404 Not Found'],
    ['HTTP/1.1 503 \r\nTransfer-Encoding: chunked\r\n\r\n', 'HTTP/1.1 503'],
    ['HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n', 'HTTP/1.0 200 OK'],
    [`HTTP/1.1 100 Continue\r\n\r\n${INTERIM.repeat(9)}${OK}`, 'HTTP/1.1 200 OK'],
    // A body all the same, which no server may send in reply to HEAD.
    [`${OK}<!DOCTYPE html>`, 'HTTP/1.1 200 OK'],
  ])('takes %j for a reply', async (text, summary) => {
    await expect(ask(text)).resolves.toMatchObject({ kind: 'replied', summary });
    await expect(ask(...inPieces(bytesOf(text), [1]))).resolves.toMatchObject({ kind: 'replied', summary });
  });

  const ends = 'the server ends the connection after its reply:';
  test.each([
    ['HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n', `${ends} Connection: close (HTTP/1.1 200 OK)`],
    ['HTTP/1.1 200 OK\r\nConnection: x, CLOSE\r\n\r\n', `${ends} Connection: close (HTTP/1.1 200 OK)`],
    ['HTTP/1.0 200 OK\r\n\r\n', `${ends} no Connection: keep-alive (HTTP/1.0 200 OK)`],
    ['HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n', /^the server switches to another protocol/],
    ['HTTP/1.1 101 Go\r\n\r\n', /^the server switches to another protocol/],
    [INTERIM.repeat(11) + OK, 'more than 10 interim replies (1xx)'],
    [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`, /header|Header/],
    [`HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(20_000)}`, /header|Header/],
    ['SSH-2.0-OpenSSH_9.2\r\n', /^the peer does not speak HTTP\/1.1: /],
    ['-ERR unknown command\r\n', /^the peer does not speak HTTP\/1.1: /],
    ['\0\0\x12\x04\0\0\0\0\0', /^the peer does not speak HTTP\/1.1: /],
  ])('is refused by %j', async (text, reason) => {
    const refused = { kind: 'refused', reason: typeof reason === 'string' ? reason : expect.stringMatching(reason) };
    await expect(ask(text)).resolves.toEqual(refused);
    await expect(ask(...inPieces(bytesOf(text), [7, 1000]))).resolves.toEqual(refused);
  });

  test('takes a header of up to 64 KiB', async () => {
    const text = `HTTP/1.1 200 OK\r\n${`X: ${'x'.repeat(995)}\r\n`.repeat(64)}\r\n`;
    await expect(ask(text)).resolves.toMatchObject({ kind: 'replied' });
  });

  test('keeps the status line that a server sends before it hangs up', async () => {
    const peer = fakePeer();
    const conversation = http.open(peer.stream, target);
    const first = conversation.request(patient());
    await peer.heard();
    peer.say(OK);
    await first;
    peer.say('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
    peer.finish();
    await new Promise((resolve) => peer.stream.once('end', resolve));
    await expect(conversation.request(patient())).resolves.toMatchObject({
      kind: 'ended',
      how: 'closed',
      lastWords: 'HTTP/1.1 408 Request Timeout',
    });
  });

  test('a reply that is cut short by the end is no reply', async () => {
    await expect(ask(OK.slice(0, -2))).resolves.toMatchObject({ kind: 'ended', how: 'closed' });
  });

  test('comes to a reply, a refusal or an end whatever the peer says', async () => {
    const text = fc
      .tuple(
        fc.array(fc.oneof(fc.constantFrom(OK, INTERIM, '\r\n', 'Connection: close\r\n').map(bytesOf), fc.uint8Array())),
        fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 }),
      )
      .map(([parts, changes]) => {
        const bytes = Buffer.concat(parts);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        return bytes;
      });
    const settles = fc.asyncProperty(text, fc.array(fc.integer({ min: 1, max: 60 })), async (bytes, sizes) => {
      const reply = await ask(...inPieces(bytes, sizes));
      expect(['replied', 'refused', 'ended']).toContain(reply.kind);
      const line = reply.kind === 'replied' ? reply.summary : reply.kind === 'refused' ? reply.reason : '';
      expect(line).not.toMatch(/\p{C}/u);
      expect(line.length).toBeLessThan(320);
    });
    await fc.assert(settles, { numRuns: 300 });
  });
});
