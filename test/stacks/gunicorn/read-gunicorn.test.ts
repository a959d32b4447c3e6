import { describe, expect, test } from 'vitest';
import { describeFixture, fixtures } from './fixtures.ts';

describe('readGunicorn', () => {
  test.each(fixtures)('reads $name as its expected file says', async ({ path }) => {
    await expect(describeFixture(path)).toMatchFileSnapshot(path.replace('.conf.py', '.expected.txt'));
  });
});
