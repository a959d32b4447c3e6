import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mapConcurrently } from '../../src/base/concurrently.ts';

test('the results keep the order of the items, whichever is done first', async () => {
  const results = await mapConcurrently([30, 1, 15], 3, async (ms) => {
    await sleep(ms);
    return ms * 2;
  });
  expect(results).toEqual([60, 2, 30]);
});

test('no items give no results', async () => {
  expect(await mapConcurrently([], 4, async () => 1)).toEqual([]);
});

test('never more than the limit are under way, and all of the limit are used', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 10 }), async (count, limit) => {
      let running = 0;
      let most = 0;
      const items = Array.from({ length: count }, (_, index) => index);
      const results = await mapConcurrently(items, limit, async (item) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return item;
      });
      expect(results).toEqual(items);
      expect(most).toBe(Math.min(limit, count));
    }),
    { numRuns: 50 },
  );
});

test('items that are given twice are worked on twice', async () => {
  expect(await mapConcurrently(['a', 'a'], 2, async (item) => `${item}!`)).toEqual(['a!', 'a!']);
});

test('the first error is the outcome', async () => {
  const work = async (item: number): Promise<void> => {
    await sleep(item);
    throw new Error(`failed at ${item}`);
  };
  await expect(mapConcurrently([20, 1, 40], 3, work)).rejects.toThrow('failed at 1');
});
