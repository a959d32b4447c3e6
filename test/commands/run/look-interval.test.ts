import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextLook, STARTING_PACE } from '../../../src/commands/run/look-interval.ts';

/** How long looks of these costs go on, and what they take together. */
function run(costsMs: readonly number[]) {
  let pace = STARTING_PACE;
  let elapsedMs = 0;
  let longestMs = 0;
  for (const costMs of costsMs) {
    const next = nextLook(pace, costMs);
    pace = next.pace;
    elapsedMs += costMs + next.waitMs;
    longestMs = Math.max(longestMs, next.waitMs);
  }
  const spentMs = costsMs.reduce((sum, costMs) => sum + costMs, 0);
  return { elapsedMs, spentMs, longestMs, pace };
}

test('looks follow each other after 10 ms while they cost next to nothing', () => {
  const { elapsedMs } = run(new Array(100).fill(0.1));
  expect(elapsedMs).toBeCloseTo(100 * 10.1, 5);
});

test('a hundred looks of 1.5 ms are a tenth of a second apart in the end', () => {
  const { pace } = run(new Array(100).fill(1.5));
  expect(nextLook(pace, 1.5).waitMs).toBeCloseTo(100, 0);
});

test('a single dear look is made up for in many short pauses, not in one long one', () => {
  const { longestMs } = run([...new Array(100).fill(0.5), 20, ...new Array(100).fill(0.5)]);
  expect(longestMs).toBeLessThan(200);
});

test('whatever looks cost, all of them take 1.5 % of the time, and what the latest ten cost, at most', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: 1, maxLength: 300 }), (costsMs) => {
      const { elapsedMs, spentMs, pace } = run(costsMs);
      expect(spentMs).toBeLessThanOrEqual(0.015 * elapsedMs + 10 * pace.averageMs + 1e-6);
    }),
  );
});
