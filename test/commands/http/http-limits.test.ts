import { describe, expect, test } from 'vitest';
import { marginFor, measuredSeconds, senderLines, serverLines } from '../../../src/commands/http/http-limits.ts';

test.each([
  [2000, 1000],
  [30_000, 3000],
  [60_000, 5000],
  [600_000, 5000],
])('the margin at %i ms is %i ms: a tenth, from 1 s to 5 s', (idleMs, margin) => {
  expect(marginFor(idleMs)).toBe(margin);
});

test.each([
  [6998, '6 s'],
  [2000, '1 s'],
  [500, '250 ms'],
  [64_995, '1 m'],
])('senders stay below a server that closes after %i ms with %s', (closeMs, text) => {
  expect(senderLines(closeMs).at(-1)).toBe(`# pool idle at most ${text}`);
});

test('what timers took from a whole second is given back', () => {
  expect([1949, 1950, 2000, 2999].map(measuredSeconds)).toEqual([1, 2, 2, 3]);
});

describe('a server that is to outlast 60 s', () => {
  test.each([
    ['nginx/1.22.1', 'keepalive_timeout 65s;'],
    ['openresty', 'keepalive_timeout 65s;'],
    ['gunicorn', 'keepalive = 65'],
    ['uvicorn', 'uvicorn app:app --timeout-keep-alive 65'],
    ['Apache/2.4.57 (Debian)', 'KeepAliveTimeout 65'],
    ['Apache-Coyote/1.1', '<Connector ... keepAliveTimeout="65000" />'],
    ['\u001b[2Jnginx', 'server.keepAliveTimeout = 65000;'],
    [null, 'server.keepAliveTimeout = 65000;'],
  ])('and says %j is set with %s', (server, line) => {
    expect(serverLines(server, 60_000)).toContain(line);
  });
});
