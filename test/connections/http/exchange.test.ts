import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HttpNews, type HttpRequest, hostHeader, startExchange } from '../../../src/connections/http/exchange.ts';
import { inPieces } from '../applications/fake-peer.ts';

const GET: HttpRequest = { method: 'GET', path: '/a?b', version: '1.1', headers: { Host: 'h', 'X-A': ['1', '2'] } };

/** Makes a request, hears the answer in the pieces given, and then the end; null: that came to nothing. */
async function exchange(
  request: HttpRequest,
  pieces: readonly Uint8Array[],
): Promise<{ sent: string; news: HttpNews | null }> {
  let sent = '';
  let news: HttpNews | null = null;
  const under = startExchange(request, {
    send: (bytes) => {
      sent += Buffer.from(bytes).toString('latin1');
    },
    settle: (what) => {
      expect(news).toBeNull(); // settled once
      news = what;
    },
  });
  await nextTurn();
  for (const piece of pieces) {
    if (news === null) under.receive(piece);
    await nextTurn();
  }
  if (news === null) under.end();
  for (let turn = 0; turn < 5 && news === null; turn += 1) await nextTurn();
  under.close();
  return { sent, news };
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('a request', () => {
  test.each<[HttpRequest, string]>([
    [GET, 'GET /a?b HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-A: 2\r\n\r\n'],
    [{ ...GET, version: '1.0', headers: { Host: ' HTTP/1.1' } }, 'GET /a?b HTTP/1.0\r\nHost:  HTTP/1.1\r\n\r\n'],
    [{ ...GET, headers: { Connection: 'close' } }, 'GET /a?b HTTP/1.1\r\nConnection: close\r\n\r\n'],
    [{ ...GET, method: 'POST', headers: { Host: 'h' } }, 'POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n'],
  ])('%j goes out as it says, and no header more', async (request, text) => {
    expect((await exchange(request, [])).sent).toBe(text);
  });
});

describe('a response', () => {
  test.each<[text: string, status: number, bodyBytes: number]>([
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 200, 5],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: z\r\n\r\n', 200, 5],
    ['HTTP/1.1 200 OK\r\n\r\nuntil the end', 200, 13],
    ['HTTP/1.0 404 Not Found\r\n\r\n', 404, 0],
    ['HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n', 204, 0],
    ['HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 304, 0],
    ['HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nxxx', 101, 0],
  ])('%j is read, in one piece and in many', async (text, status, bodyBytes) => {
    for (const pieces of [[bytes(text)], inPieces(bytes(text), [1]), inPieces(bytes(text), [7, 3])]) {
      const { news } = await exchange(GET, pieces);
      expect(news).toMatchObject({ kind: 'answered', response: { status, bodyBytes } });
    }
  });

  test.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell', /in the middle/],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab', /in the middle/],
    ['HTTP/1.1 200 OK\r\nContent-Le', /in the middle/],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', /does not speak/],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n', /does not speak/],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', /does not speak/],
    ['220 mail.example ESMTP\r\n', /does not speak/],
  ])('%j is unusable', async (text, reason) => {
    expect((await exchange(GET, [bytes(text)])).news).toEqual({
      kind: 'unusable',
      reason: expect.stringMatching(reason),
    });
  });

  test('comes to an end whatever the peer says, in texts of one line', async () => {
    const part = fc.oneof(
      fc
        .constantFrom(
          'HTTP/1.1 200 OK\r\n',
          'Content-Length: 5\r\n',
          'Transfer-Encoding: chunked\r\n',
          'Connection: close\r\n',
          '\r\n',
          '5\r\nhello\r\n0\r\n\r\n',
          'HTTP/1.1 100 Continue\r\n\r\n',
        )
        .map(bytes),
      fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
    );
    const settles = fc.asyncProperty(
      fc.array(part, { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 5 }),
      async (parts, sizes) => {
        const { news } = await exchange(GET, inPieces(Buffer.concat(parts), sizes));
        const text = news?.kind === 'answered' ? news.response.statusMessage : (news?.reason ?? '');
        expect(news).not.toBeNull();
        expect(text).not.toMatch(/\p{C}/u);
        expect(text.length).toBeLessThan(320);
      },
    );
    await fc.assert(settles, { numRuns: 300 });
  });
});

test.each([
  ['h', 80, false, 'h'],
  ['h', 443, false, 'h:443'],
  ['h', 443, true, 'h'],
  ['fe80::1%eth0', 8080, false, '[fe80::1]:8080'],
])('the host %s and port %i (TLS: %s) are named %s', (host, port, tls, name) => {
  expect(hostHeader(host, port, tls)).toBe(name);
});
