import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HttpRaceSample } from '../../../src/connections/http/observation.ts';
import { judgeRace, narrowRace, planRace, type RaceStart } from '../../../src/connections/http/reuse-race.ts';

const CLOSE_MS = 5000;

/** A server that closes after exactly 5 s, and whose FIN is seen `delayMs` later: what is sent in between is lost without a sign. */
function server(delayMs: number): (start: RaceStart) => HttpRaceSample {
  return ({ ageMs }) => ({
    plannedMs: ageMs,
    idleMs: ageMs,
    result: ageMs < CLOSE_MS - delayMs / 2 ? 'answered' : 'failed',
    endVisible: ageMs >= CLOSE_MS + delayMs / 2,
    error: null,
  });
}

const race = (count: number, delayMs: number): HttpRaceSample[] => {
  const first = planRace(Math.ceil(count / 3), { lowerMs: CLOSE_MS - 1, upperMs: CLOSE_MS + 2 }, 0.1).map(
    server(delayMs),
  );
  const second = narrowRace(count - first.length, first, 0.1) ?? [];
  return [...first, ...second.map(server(delayMs))];
};

describe('a plan', () => {
  test('has as many requests as asked for, none before its connection, most near the close', () => {
    const brackets = fc
      .tuple(fc.nat(200_000), fc.nat(5000))
      .map(([lowerMs, more]) => ({ lowerMs, upperMs: lowerMs + more }));
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 500 }), brackets, fc.nat(500), (count, close, rttMs) => {
        const plan = planRace(count, close, rttMs);
        expect(plan).toHaveLength(count);
        expect(plan.every(({ ageMs, openAtMs }) => ageMs > 0 && openAtMs >= 0 && openAtMs < 1000)).toBe(true);
        const margin = Math.max(20, 2 * rttMs, (close.upperMs - close.lowerMs) / 4);
        const near = plan.filter(
          ({ ageMs }) => ageMs >= Math.max(1, close.lowerMs - margin) && ageMs <= close.upperMs + margin,
        );
        expect(near.length).toBeGreaterThanOrEqual(Math.floor(0.65 * count));
      }),
    );
  });

  test('opens neighbours in age at different times', () => {
    const plan = planRace(100, { lowerMs: 5000, upperMs: 5010 }, 1);
    const apart = plan.slice(1).map(({ openAtMs }, index) => Math.abs(openAtMs - (plan[index]?.openAtMs ?? 0)));
    expect(Math.min(...apart)).toBeGreaterThan(100);
  });

  test('is narrowed to where answers turn into failures', () => {
    const first = planRace(30, { lowerMs: 4000, upperMs: 6000 }, 0.1).map(server(0));
    const ages = (narrowRace(50, first, 0.1) ?? []).map(({ ageMs }) => ageMs);
    expect(ages).toHaveLength(50);
    expect(Math.min(...ages)).toBeGreaterThan(4800);
    expect(Math.max(...ages)).toBeLessThan(5200);
    expect(ages.some((ageMs) => ageMs < CLOSE_MS) && ages.some((ageMs) => ageMs > CLOSE_MS)).toBe(true);
  });

  test('cannot be narrowed when everything was answered', () => {
    const answered = planRace(10, { lowerMs: 1000, upperMs: 1000 }, 1).map(server(0));
    expect(narrowRace(20, answered, 1)).toBeNull();
  });
});

describe('the judgement', () => {
  test.each([5, 20, 60])('finds a window of %i ms, and a bound above it', (delayMs) => {
    const { windowMs, unforeseenCount, answeredCount, foreseeableCount } = judgeRace(
      race(300, delayMs),
      CLOSE_MS,
      CLOSE_MS,
    );
    expect(windowMs?.estimate).toBeGreaterThan(0.8 * delayMs);
    expect(windowMs?.estimate).toBeLessThan(1.2 * delayMs);
    expect(windowMs?.atMost).toBeGreaterThan(delayMs);
    expect(unforeseenCount + answeredCount + foreseeableCount).toBe(300);
  });

  test('gives only a bound where nobody was lost without a sign, and the narrower the more requests', () => {
    const [few, many] = [60, 400].map((count) => judgeRace(race(count, 0), CLOSE_MS, CLOSE_MS));
    expect([few?.unforeseenCount, few?.windowMs?.estimate]).toEqual([0, 0]);
    expect(few?.windowMs?.atMost).toBeLessThan(5);
    expect(many?.windowMs?.atMost).toBeLessThan((few?.windowMs?.atMost ?? 0) / 3);
    expect(many?.foreseeableCount).toBeGreaterThan(50);
  });

  test('reckons the cost with gaps at random: e^-1 of them outlast the close at a mean gap of its length', () => {
    const { perMillion, windowMs } = judgeRace(race(300, 20), CLOSE_MS, CLOSE_MS);
    expect(perMillion?.whoDoesNotLook).toBeCloseTo(1e6 / Math.E, 3);
    expect(perMillion?.whoLooks.estimate).toBeCloseTo(((windowMs?.estimate ?? 0) / CLOSE_MS / Math.E) * 1e6, 6);
    const busy = judgeRace(race(300, 20), CLOSE_MS, 100);
    expect(busy.perMillion?.whoDoesNotLook).toBeLessThan(1e-10);
  });

  test('says nothing of a window that it cannot see', () => {
    const all = race(30, 0);
    for (const samples of [
      [],
      all.slice(0, 3),
      all.filter(({ result }) => result === 'failed'),
      all.filter(({ result }) => result === 'answered'),
    ])
      expect(judgeRace(samples, CLOSE_MS, CLOSE_MS)).toMatchObject({ windowMs: null, perMillion: null });
  });

  test('leaves out what was not measured, and keeps it in the samples', () => {
    const odd: HttpRaceSample[] = [
      { plannedMs: 5000, idleMs: null, result: 'unmeasured', endVisible: null, error: 'no connection' },
      { plannedMs: 5000, idleMs: 5000, result: 'silent', endVisible: false, error: null },
    ];
    const { samples, answeredCount, unforeseenCount, foreseeableCount } = judgeRace(
      [...race(30, 0), ...odd],
      CLOSE_MS,
      CLOSE_MS,
    );
    expect(samples).toHaveLength(32);
    expect(answeredCount + unforeseenCount + foreseeableCount).toBe(30);
  });

  test('comes to numbers from any samples', () => {
    const sample = fc.record({
      plannedMs: fc.nat(10_000),
      idleMs: fc.option(fc.double({ min: 0, max: 1e5, noNaN: true })),
      result: fc.constantFrom('answered', 'failed', 'silent', 'unmeasured'),
      endVisible: fc.option(fc.boolean()),
      error: fc.constant(null),
    });
    fc.assert(
      fc.property(fc.array(sample), fc.integer({ min: 1, max: 1e6 }), (samples, gapMs) => {
        const { windowMs, perMillion } = judgeRace(samples, CLOSE_MS, gapMs);
        if (windowMs === null || perMillion === null) return;
        expect(windowMs.estimate).toBeGreaterThanOrEqual(0);
        expect(windowMs.atMost).toBeGreaterThanOrEqual(windowMs.estimate);
        expect(perMillion.whoLooks.atMost).toBeGreaterThanOrEqual(perMillion.whoLooks.estimate);
      }),
    );
  });
});
