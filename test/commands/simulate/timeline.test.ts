import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SimulatedEnd } from '../../../src/commands/simulate/report.ts';
import {
  retransmissionTimeoutMs,
  simulateDataInFlight,
  simulateIdle,
  simulateZeroWindow,
  type Timeline,
  type TimelineSettings,
  timerLatenessMs,
} from '../../../src/commands/simulate/timeline.ts';
import { deadAfterMs, probePeriodMs } from '../../../src/keepalive/keepalive.ts';
import { deadWriteAfter } from '../../../src/keepalive/kernel-timers.ts';
import type { Keepalive } from '../../../src/report/values.ts';

const S = 1000;
const DEFAULT: Keepalive = { enabled: true, idleMs: 7200 * S, intervalMs: 75 * S, count: 9, userTimeoutMs: 0 };
const settings = (keepalive: Partial<Keepalive> = {}, rest: Partial<TimelineSettings> = {}): TimelineSettings => ({
  keepalive: { ...DEFAULT, ...keepalive },
  retries2: 15,
  rttMs: 1,
  rtoMinMs: 200,
  rtoMaxMs: 120 * S,
  ...rest,
});
const DEAD = { peer: 'dead', middleboxTimeoutMs: null } as const;
const ALIVE = { peer: 'answers', middleboxTimeoutMs: null } as const;

function givenUp({ end }: Timeline): Extract<SimulatedEnd, { kind: 'given-up' }> {
  if (end.kind !== 'given-up') throw new Error(`it ends ${JSON.stringify(end)}`);
  return end;
}

/** Every single time that the timeline holds. */
function timesOf({ events }: Timeline): number[] {
  return events.flatMap(({ atMs, count, everyMs }) =>
    Array.from({ length: count }, (_, n) => atMs + n * (everyMs ?? 0)),
  );
}

describe('an idle connection to a dead peer', () => {
  test('with 5 s, 3 s, 3 is probed at 5, 8 and 11 s and given up at 14 s', () => {
    const timeline = simulateIdle(settings({ idleMs: 5 * S, intervalMs: 3 * S, count: 3 }), DEAD);
    expect(timesOf(timeline)).toEqual([5000, 8000, 11_000]);
    expect(givenUp(timeline)).toMatchObject({ by: 'probe-count', atMs: 14_000, earliestMs: 14_000 });
  });

  test('with the defaults 7200 s, 75 s, 9 is given up after 7875 s', () => {
    const timeline = simulateIdle(settings(), DEAD);
    expect(timeline.events).toEqual([
      { event: 'probe-unanswered', atMs: 7_200_000, count: 9, everyMs: 75_000, lastAtMs: 7_800_000 },
    ]);
    expect(givenUp(timeline).atMs).toBe(7_875_000);
  });

  test.each([
    [1, 5000],
    [9, 5000],
    [100, 5000],
  ])('with a user timeout ignores the count, here %i', (count, atMs) => {
    const keepalive = { idleMs: 2 * S, intervalMs: S, count, userTimeoutMs: 5 * S };
    expect(givenUp(simulateIdle(settings(keepalive), DEAD))).toMatchObject({ by: 'user-timeout', atMs });
  });

  test('outlasts a user timeout that has passed before the first probe by one interval', () => {
    const keepalive = { idleMs: 4 * S, intervalMs: 3 * S, userTimeoutMs: S };
    expect(givenUp(simulateIdle(settings(keepalive), DEAD)).atMs).toBe(7000);
  });

  test('is never noticed without keepalive', () => {
    expect(simulateIdle(settings({ enabled: false }), DEAD)).toEqual({ events: [], end: { kind: 'unnoticed' } });
  });

  test('ends when the rules say, for any settings', () => {
    const seconds = fc.integer({ min: 1, max: 300 }).map((s) => s * S);
    fc.assert(
      fc.property(
        fc.record({
          enabled: fc.constant(true),
          idleMs: seconds,
          intervalMs: seconds,
          count: fc.integer({ min: 1, max: 127 }),
          userTimeoutMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 200_000 })),
        }),
        (keepalive) => {
          const { atMs, earliestMs, latestMs } = givenUp(simulateIdle(settings(keepalive), DEAD));
          expect(atMs).toBe(deadAfterMs(keepalive));
          expect(earliestMs).toBeLessThanOrEqual(atMs);
          expect(latestMs).toBeGreaterThan(atMs);
        },
      ),
    );
  });

  test('keeps counting probes in eight bits, as the kernel does', () => {
    // The 256th probe makes the count 0, which is no unanswered probe: one more goes out.
    const keepalive = { idleMs: S, intervalMs: S, userTimeoutMs: 257 * S };
    expect(givenUp(simulateIdle(settings(keepalive), DEAD)).atMs).toBe(258_000);
  });

  test('is worked out at once for the longest user timeout there is', () => {
    const timeline = simulateIdle(settings({ idleMs: S, intervalMs: S, userTimeoutMs: 2 ** 31 - 1 }), DEAD);
    expect(timeline.events).toHaveLength(1);
    expect(givenUp(timeline).atMs).toBe(2_147_484_000);
  });
});

describe('an idle connection whose probes are answered', () => {
  test('with 1 s and 4 s is probed at 1, 5, 9 s and so on', () => {
    const timeline = simulateIdle(settings({ idleMs: S, intervalMs: 4 * S }, { rttMs: 10 }), ALIVE);
    expect(timesOf(timeline)).toEqual([1000, 5000, 9000, 13_000, 17_000]);
    expect(timeline.end).toEqual({ kind: 'alive' });
  });

  test('with 4 s and 1 s is probed 4 s after each answer', () => {
    const timeline = simulateIdle(settings({ idleMs: 4 * S, intervalMs: S }, { rttMs: 10 }), ALIVE);
    expect(timesOf(timeline)).toEqual([4000, 8010, 12_020, 16_030, 20_040]);
  });

  test('has the period that the rules reckon with, and the round trip at most', () => {
    const seconds = fc.integer({ min: 1, max: 7200 }).map((s) => s * S);
    fc.assert(
      fc.property(seconds, seconds, fc.integer({ min: 0, max: 900 }), (idleMs, intervalMs, rttMs) => {
        const [first = 0, ...later] = timesOf(simulateIdle(settings({ idleMs, intervalMs }, { rttMs }), ALIVE));
        expect(first).toBe(idleMs);
        let before = first;
        for (const at of later) {
          expect(at - before).toBe(Math.max(idleMs + rttMs, intervalMs));
          expect(at - before).toBeLessThanOrEqual(probePeriodMs({ idleMs, intervalMs }) + rttMs);
          before = at;
        }
      }),
    );
  });

  test('is given up all the same when the answer comes after the last probe that may be missed', () => {
    const timeline = simulateIdle(settings({ idleMs: S, intervalMs: S, count: 1 }, { rttMs: 1500 }), ALIVE);
    expect(givenUp(timeline)).toMatchObject({ by: 'probe-count', atMs: 2000 });
  });

  test('without keepalive just lives', () => {
    expect(simulateIdle(settings({ enabled: false }), ALIVE).end).toEqual({ kind: 'alive' });
  });
});

describe('an idle connection through a middlebox', () => {
  const through = (middleboxTimeoutMs: number) => ({ peer: 'answers', middleboxTimeoutMs }) as const;

  test('lives when each probe comes before it forgets', () => {
    expect(simulateIdle(settings({ idleMs: 60 * S }), through(100 * S)).end).toEqual({ kind: 'alive' });
  });

  test('is forgotten before the first probe, which then goes unanswered', () => {
    const timeline = simulateIdle(settings(), through(1800 * S));
    expect(timeline.events.map(({ event, atMs }) => [event, atMs])).toEqual([
      ['middlebox-forgets', 1_800_000],
      ['probe-unanswered', 7_200_000],
    ]);
    expect(givenUp(timeline).atMs).toBe(7_875_000);
  });

  test('is forgotten after the first probe when the interval is the longer time', () => {
    const timeline = simulateIdle(settings({ idleMs: S, intervalMs: 4 * S, count: 2 }), through(3 * S));
    expect(timeline.events.map(({ event, atMs }) => [event, atMs])).toEqual([
      ['probe-answered', 1000],
      ['middlebox-forgets', 4000],
      ['probe-unanswered', 5000],
      ['probe-unanswered', 9000],
    ]);
    expect(givenUp(timeline).atMs).toBe(13_000);
  });

  test('is lost to a probe that comes exactly when it forgets', () => {
    expect(simulateIdle(settings({ idleMs: 60 * S }), through(60 * S)).end.kind).toBe('given-up');
  });

  test('is forgotten and never noticed without keepalive', () => {
    expect(simulateIdle(settings({ enabled: false }), through(60 * S))).toMatchObject({
      events: [{ event: 'middlebox-forgets', atMs: 60_000 }],
      end: { kind: 'unnoticed' },
    });
  });
});

describe('data in flight to a dead peer', () => {
  test('is given up after 925 to 940 s by default', () => {
    for (const rttMs of [0.03, 1, 5, 10]) {
      const { by, atMs } = givenUp(simulateDataInFlight(settings({}, { rttMs })));
      expect(by).toBe('retries');
      expect(atMs).toBeGreaterThan(925 * S);
      expect(atMs).toBeLessThan(940 * S);
    }
  });

  test('is sent again by the loss probe after one timeout, then at doubling distances', () => {
    const timeline = simulateDataInFlight(settings({}, { retries2: 3 }));
    expect(timeline.events.map(({ event, atMs }) => [event, atMs])).toEqual([
      ['loss-probe', 201],
      ['retransmission', 402],
      ['retransmission', 804],
      ['retransmission', 1608],
      ['retransmission', 3216],
    ]);
    expect(givenUp(timeline).atMs).toBe(6432);
  });

  // Measured on Linux 6.18: a write over loopback whose segments were all dropped, until ETIMEDOUT.
  test.each([
    { retries2: 0, rtoMinMs: 200, rtoMaxMs: 120_000, diedAfterMs: 850 },
    { retries2: 0, rtoMinMs: 1000, rtoMaxMs: 120_000, diedAfterMs: 4060 },
    { retries2: 1, rtoMinMs: 200, rtoMaxMs: 120_000, diedAfterMs: 1670 },
    { retries2: 3, rtoMinMs: 20, rtoMaxMs: 120_000, diedAfterMs: 3190 },
    { retries2: 3, rtoMinMs: 200, rtoMaxMs: 1000, diedAfterMs: 3730 },
    { retries2: 3, rtoMinMs: 200, rtoMaxMs: 120_000, diedAfterMs: 6680 },
    { retries2: 4, rtoMinMs: 1000, rtoMaxMs: 120_000, diedAfterMs: 8310 },
    { retries2: 5, rtoMinMs: 200, rtoMaxMs: 1000, diedAfterMs: 5780 },
    { retries2: 5, rtoMinMs: 20, rtoMaxMs: 120_000, diedAfterMs: 12_900 },
    { retries2: 5, rtoMinMs: 200, rtoMaxMs: 120_000, diedAfterMs: 13_330 },
    { retries2: 6, rtoMinMs: 200, rtoMaxMs: 2000, diedAfterMs: 11_410 },
    { retries2: 6, rtoMinMs: 200, rtoMaxMs: 3000, diedAfterMs: 12_600 },
  ])(
    'ended between the times given: $diedAfterMs ms for $retries2, $rtoMinMs ms, $rtoMaxMs ms',
    ({ diedAfterMs, ...rest }) => {
      const { earliestMs, latestMs } = givenUp(simulateDataInFlight(settings({}, { ...rest, rttMs: 0.05 })));
      expect(diedAfterMs).toBeGreaterThanOrEqual(earliestMs);
      expect(diedAfterMs).toBeLessThanOrEqual(latestMs);
    },
  );

  test('with a user timeout ends that long after the first retransmission, whatever the retries', () => {
    for (const retries2 of [0, 3, 15, 255]) {
      const timeline = simulateDataInFlight(settings({ userTimeoutMs: 3000 }, { retries2 }));
      expect(givenUp(timeline)).toMatchObject({ by: 'user-timeout', atMs: 3402 });
    }
  });

  test('does not depend on keepalive', () => {
    const off = simulateDataInFlight(settings({ enabled: false }));
    expect(simulateDataInFlight(settings({ idleMs: S, intervalMs: S, count: 1 }))).toEqual(off);
  });

  test('ends within the bounds of the sysctl command', () => {
    const retries2 = fc.integer({ min: 0, max: 255 });
    const rtoMaxMs = fc.integer({ min: 1000, max: 120_000 });
    fc.assert(
      fc.property(retries2, rtoMaxMs, fc.integer({ min: 0, max: 799 }), (retries, longestMs, rttMs) => {
        const timeline = simulateDataInFlight(settings({}, { retries2: retries, rtoMaxMs: longestMs, rttMs }));
        const { atMs, earliestMs, latestMs } = givenUp(timeline);
        const { lowerMs, upperMs } = deadWriteAfter(retries, 200, longestMs);
        expect(earliestMs).toBeGreaterThanOrEqual(lowerMs);
        expect(atMs).toBeLessThanOrEqual(upperMs);
        expect(earliestMs).toBeLessThanOrEqual(atMs);
        expect(latestMs).toBeGreaterThan(atMs);
      }),
    );
  });
});

describe('a closed window', () => {
  test('is probed at doubling intervals and a dead peer given up after as many probes as tcp_retries2 says', () => {
    const timeline = simulateZeroWindow(settings({}, { retries2: 3 }), 'dead');
    expect(timeline.events.map(({ event, atMs }) => [event, atMs])).toEqual([
      ['window-probe-unanswered', 201],
      ['window-probe-unanswered', 603],
      ['window-probe-unanswered', 1407],
    ]);
    expect(givenUp(timeline)).toMatchObject({ by: 'retries', atMs: 3015 });
  });

  test('by default takes a dead peer about 925 s too', () => {
    const { atMs } = givenUp(simulateZeroWindow(settings(), 'dead'));
    expect(atMs).toBe(201 * 1023 + 6 * 120_000);
  });

  test('keeps a peer that answers for ever', () => {
    expect(simulateZeroWindow(settings(), 'answers').end).toEqual({ kind: 'alive' });
  });

  test.each(['dead', 'answers'] as const)('with a user timeout ends even if the peer is one that %s', (peer) => {
    const end = givenUp(simulateZeroWindow(settings({ userTimeoutMs: 5000 }), peer));
    expect(end).toMatchObject({ by: 'user-timeout', atMs: 5201 });
  });

  test('ends at the first time when tcp_retries2 allows no probe', () => {
    expect(givenUp(simulateZeroWindow(settings({}, { retries2: 0 }), 'dead')).atMs).toBe(201);
  });

  test('always comes to an end, or is answered', () => {
    const rest = fc.record({
      retries2: fc.integer({ min: 0, max: 255 }),
      rttMs: fc.integer({ min: 0, max: 60_000 }),
      rtoMinMs: fc.integer({ min: 1, max: 1000 }),
      rtoMaxMs: fc.integer({ min: 1000, max: 120_000 }),
    });
    const userTimeoutMs = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 10_000_000 }));
    fc.assert(
      fc.property(rest, userTimeoutMs, fc.constantFrom('dead', 'answers'), (given, timeoutMs, peer) => {
        const { end } = simulateZeroWindow(settings({ userTimeoutMs: timeoutMs }, given), peer);
        if (end.kind === 'given-up') expect(end.latestMs).toBeGreaterThanOrEqual(end.atMs);
        else expect(end.kind).toBe('alive');
      }),
    );
  });
});

describe('the timers', () => {
  test('wait a round trip more than the least, in whole ticks, and never longer than the longest', () => {
    expect(retransmissionTimeoutMs(settings({}, { rttMs: 0 }))).toBe(201);
    expect(retransmissionTimeoutMs(settings({}, { rttMs: 80 }))).toBe(280);
    expect(retransmissionTimeoutMs(settings({}, { rttMs: 1 }), 10)).toBe(210);
    expect(retransmissionTimeoutMs(settings({}, { rttMs: 3000, rtoMaxMs: 1000 }))).toBe(1000);
  });

  test('are late by a tick when short, and by up to an eighth when long', () => {
    expect(timerLatenessMs(1)).toBe(10);
    expect(timerLatenessMs(120_000)).toBe(5120); // 512 ticks of 10 ms
    expect(timerLatenessMs(7_200_000)).toBe(327_680);
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 2 ** 31 - 1 }), (waitMs) => {
        expect(timerLatenessMs(waitMs)).toBeLessThanOrEqual(waitMs / 7.8);
      }),
    );
  });
});
