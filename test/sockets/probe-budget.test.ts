import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Keepalive } from '../../src/report/values.ts';
import { bearableProbes, type ProbedConnection } from '../../src/sockets/probe-budget.ts';

const usual: Keepalive = { enabled: false, idleMs: 7_200_000, intervalMs: 75_000, count: 9, userTimeoutMs: 0 };
const idle: ProbedConnection = { unansweredProbes: 0, unackedSegments: 0, notSentBytes: 0, silenceMs: 60_000 };
const bearable = (keepalive: Partial<Keepalive>, now: Partial<ProbedConnection> = {}, least?: number) =>
  bearableProbes({ ...usual, ...keepalive }, { ...idle, ...now }, least);

test.each<[what: string, most: number, keepalive: Partial<Keepalive>, now?: Partial<ProbedConnection>]>([
  ['the default leaves one for the kernel', 8, {}],
  ['what went already counts', 5, {}, { unansweredProbes: 3 }],
  ['three leave two', 2, { count: 3 }],
  ['keepalive of its own, not yet at its idle time', 8, { enabled: true, idleMs: 61_000 }],
  ['keepalive off, however short its idle time', 8, { idleMs: 1000 }],
])('%s: %d', (_, most, keepalive, now) => {
  expect(bearable(keepalive, now)).toBe(most);
});

test.each<[what: string, reason: string | RegExp, keepalive: Partial<Keepalive>, now?: Partial<ProbedConnection>]>([
  ['segments in flight', 'data in flight asks already', {}, { unackedSegments: 1 }],
  ['bytes that wait for the window to open', 'data in flight asks already', {}, { notSentBytes: 1 }],
  ['a user timeout', /^its user timeout \(TCP_USER_TIMEOUT\) may end it/, { userTimeoutMs: 1 }],
  ['a count of one', /^its keepalive gives up after 1 unanswered/, { count: 1 }],
  ['a count of two, of which only one could be used', /^its keepalive gives up after 2 unanswered/, { count: 2 }],
  ['too few left', /^of the 3 unanswered probes .* 1 went already/, { count: 3 }, { unansweredProbes: 1 }],
  ['its own keepalive at work', /which asks now$/, { enabled: true, idleMs: 60_000 }],
  [
    'an idle time longer than can be set',
    /^its idle time of 9 h 6 m 8 s could not be set back/,
    { idleMs: 32_768_000 },
  ],
  ['an idle time of nothing', /could not be set back/, { idleMs: 0 }],
])('%s is left alone', (_, reason, keepalive, now) => {
  expect(bearable(keepalive, now)).toEqual(typeof reason === 'string' ? reason : expect.stringMatching(reason));
});

test('as many as it allows never reach the count at which the kernel gives up', () => {
  const settings = fc.record({ count: fc.integer({ min: 1, max: 127 }), unanswered: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(settings, fc.integer({ min: 1, max: 3 }), ({ count, unanswered }, least) => {
      const most = bearable({ count }, { unansweredProbes: unanswered }, least);
      if (typeof most === 'string') {
        expect(unanswered + least).toBeGreaterThanOrEqual(count);
      } else {
        expect(most).toBeGreaterThanOrEqual(least);
        expect(unanswered + most).toBeLessThan(count);
      }
    }),
  );
});
