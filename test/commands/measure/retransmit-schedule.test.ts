import { expect, test } from 'vitest';
import { pushesBy } from '../../../src/commands/measure/retransmit-schedule.ts';

test('a segment has been sent once until the first repetition is due, and again after twice the time each', () => {
  expect([-1, 0, 249, 250, 749, 750, 1749, 1750].map((ms) => pushesBy(ms, 0))).toEqual([0, 1, 1, 2, 2, 3, 3, 4]);
});

test('a longer round trip makes for later repetitions', () => {
  expect([549, 550, 1650].map((ms) => pushesBy(ms, 100))).toEqual([1, 2, 3]);
});

test('what has not left yet has not been sent', () => {
  expect(pushesBy(Number.NEGATIVE_INFINITY, 0)).toBe(0);
});
