import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  deadAfterMs,
  lastTolerableProbeMs,
  probePeriodMs,
  recommendKeepalive,
  safetyMarginMs,
  strictestMiddlebox,
} from '../../src/keepalive/keepalive.ts';
import type { Keepalive } from '../../src/report/values.ts';
import { middlebox } from './facts.ts';

/** Seconds, as the facts and the kernel have them; the user timeout in milliseconds. */
const keepalive = (idle: number, interval: number, count: number, userTimeoutMs = 0): Keepalive => ({
  enabled: true,
  idleMs: idle * 1000,
  intervalMs: interval * 1000,
  count,
  userTimeoutMs,
});

/** What tcp_keepalive_timer() of net/ipv4/tcp_timer.c does with a peer that is silent from time 0 on, timer by timer. */
function kernelGivesUpAfterMs({ idleMs, intervalMs, count, userTimeoutMs }: Keepalive): number {
  let probesOut = 0;
  for (let elapsedMs = idleMs; ; elapsedMs += intervalMs) {
    const givesUp =
      (userTimeoutMs !== 0 && elapsedMs >= userTimeoutMs && probesOut > 0) ||
      (userTimeoutMs === 0 && probesOut >= count);
    if (givesUp) return elapsedMs;
    probesOut += 1;
  }
}

const ANSWER_MS = 5;

/** When the same timer sends its first probes if each is answered at once. */
function kernelProbesAnswered({ idleMs, intervalMs }: Keepalive, probeCount: number): number[] {
  const sentMs: number[] = [];
  let lastReceivedMs = 0;
  for (let timerMs = idleMs; sentMs.length < probeCount; ) {
    const elapsedMs = timerMs - lastReceivedMs;
    if (elapsedMs >= idleMs) {
      sentMs.push(timerMs);
      lastReceivedMs = timerMs + ANSWER_MS;
      timerMs += intervalMs;
    } else {
      timerMs += idleMs - elapsedMs;
    }
  }
  return sentMs;
}

describe('deadAfterMs', () => {
  test.each([
    ['Linux', 7200, 75, 9, 7875],
    ['toolbelt', 60, 20, 5, 160],
    ['pymongo', 120, 10, 9, 210],
    ['redis server', 300, 100, 3, 600],
    ['Go', 15, 15, 9, 150],
    ['Node', 60, 1, 10, 70],
    ['Windows', 7200, 1, 10, 7210],
    ['a measured trace', 5, 3, 3, 14],
  ])('of %s, %d/%d/%d, is %d s', (_, idle, interval, count, seconds) => {
    expect(deadAfterMs(keepalive(idle, interval, count))).toBe(seconds * 1000);
  });

  test.each([
    ['below the first probe: at the second', 1000, 80],
    ['at the first probe: at the second', 60_000, 80],
    ['at the second probe: there', 80_000, 80],
    ['just after the second probe: at the third', 80_001, 100],
    ['of the length of the count: as the count says', 160_000, 160],
    ['just below that: the same, since probe times are what counts', 159_999, 160],
    ['just above it: one interval later', 160_001, 180],
    ['far above it: probes go on past the count', 600_000, 600],
  ])('with 60/20/5 and a user timeout %s', (_, userTimeoutMs, seconds) => {
    expect(deadAfterMs(keepalive(60, 20, 5, userTimeoutMs))).toBe(seconds * 1000);
  });

  test('agrees with the timer of the kernel for any settings', () => {
    const seconds = fc.integer({ min: 1, max: 32_767 });
    const userTimeout = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000_000 }));
    fc.assert(
      fc.property(
        seconds,
        seconds,
        fc.integer({ min: 1, max: 127 }),
        userTimeout,
        (idle, interval, count, timeoutMs) => {
          const settings = keepalive(idle, interval, count, Math.min(timeoutMs, (idle + 1000 * interval) * 1000));
          expect(deadAfterMs(settings)).toBe(kernelGivesUpAfterMs(settings));
        },
      ),
    );
  });
});

describe('the safety margin', () => {
  test.each([
    [60_000, 6000],
    [100_000, 10_000],
    [100_001, 10_000],
    [1_800_000, 10_000],
  ])('of an idle timeout of %d ms is %d ms', (idleTimeoutMs, marginMs) => {
    expect(safetyMarginMs(idleTimeoutMs)).toBe(marginMs);
  });
});

test.each([
  [60, 15, 60, 90],
  [75, 75, 75, 225],
  // The timer that a probe sets runs for an interval, whatever was answered meanwhile.
  [30, 75, 75, 225],
])('with %d/%d probes go every %d s, and the last tolerable one after %d s', (idle, interval, period, last) => {
  expect(probePeriodMs(keepalive(idle, interval, 9))).toBe(period * 1000);
  expect(lastTolerableProbeMs(keepalive(idle, interval, 9))).toBe(last * 1000);
});

test('agrees on the period with the timer of the kernel when every probe is answered', () => {
  const seconds = fc.integer({ min: 1, max: 3000 });
  fc.assert(
    fc.property(seconds, seconds, (idle, interval) => {
      const settings = keepalive(idle, interval, 9);
      const sentMs = kernelProbesAnswered(settings, 5);
      const periods = sentMs.slice(1).map((atMs, index) => atMs - (sentMs[index] ?? Number.NaN));
      for (const periodMs of periods)
        expect(Math.abs(periodMs - probePeriodMs(settings))).toBeLessThanOrEqual(ANSWER_MS);
    }),
  );
});

describe('strictestMiddlebox', () => {
  const short = middlebox({ id: 'short', idleTimeoutMs: 60_000 });
  const long = middlebox({ id: 'long', idleTimeoutMs: 3_600_000 });
  const proxy = middlebox({ id: 'proxy', idleTimeoutMs: 5000, keepaliveRefreshes: false });
  const twin = middlebox({ id: 'twin', idleTimeoutMs: 60_000 });
  const unsure = middlebox({ id: 'unsure', idleTimeoutMs: 30_000, keepaliveRefreshes: null });

  test.each([
    ['none of none', [], null],
    ['the only one', [long], long],
    ['the shortest', [long, short], short],
    ['not one that keepalive cannot refresh', [proxy, long], long],
    ['none when keepalive can refresh none', [proxy], null],
    ['one of which that is not known', [unsure, short], unsure],
    ['the first of two that are as short', [twin, short], twin],
  ])('is %s', (_, boxes, strictest) => {
    expect(strictestMiddlebox(boxes)).toBe(strictest);
  });
});

describe('recommendKeepalive', () => {
  test.each([
    ['no timeout', null, 60, 15, 120],
    ['18 s', 18_000, 6, 1, 10],
    ['60 s', 60_000, 20, 5, 40],
    ['350 s', 350_000, 115, 15, 175],
    ['30 m', 1_800_000, 300, 15, 360],
    ['5 d', 432_000_000, 300, 15, 360],
  ])('for %s', (_, idleTimeoutMs, idle, interval, userTimeout) => {
    expect(recommendKeepalive(idleTimeoutMs)).toEqual(keepalive(idle, interval, 4, userTimeout * 1000));
  });

  test.each([17_999, 15_000, 1000])('is null for %d ms, where whole seconds leave no room', (idleTimeoutMs) => {
    expect(recommendKeepalive(idleTimeoutMs)).toBeNull();
  });

  test('survives two lost probes with the margin, in whole seconds that the kernel takes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 18_000, max: 500_000_000 }), (idleTimeoutMs) => {
        const settings = recommendKeepalive(idleTimeoutMs) ?? keepalive(0, 0, 0);
        const { idleMs, intervalMs, count, userTimeoutMs } = settings;
        expect(lastTolerableProbeMs(settings)).toBeLessThanOrEqual(idleTimeoutMs - safetyMarginMs(idleTimeoutMs));
        expect(idleMs).toBeLessThanOrEqual(idleTimeoutMs / 2);
        for (const ms of [idleMs, intervalMs]) {
          expect(ms % 1000).toBe(0);
          expect(ms).toBeGreaterThanOrEqual(1000);
        }
        expect(count).toBe(4);
        // So that data sent into a dead connection is given up as soon as an idle one.
        expect(deadAfterMs(settings)).toBe(idleMs + intervalMs * count);
        expect(userTimeoutMs).toBe(deadAfterMs(settings));
      }),
      { numRuns: 1000 },
    );
  });
});
