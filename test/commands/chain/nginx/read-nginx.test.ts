import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeFixture, fixtures } from './fixtures.ts';

describe('readNginx', () => {
  test.each(fixtures)('reads $name as its expected.txt says', async (fixture) => {
    await expect(describeFixture(fixture)).toMatchFileSnapshot(join(fixture.folder, 'expected.txt'));
  });
});
