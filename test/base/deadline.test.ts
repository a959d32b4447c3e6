import { describe, expect, test } from 'vitest';
import { waitFor } from '../../src/base/deadline.ts';

const NEVER = new AbortController().signal;
const late = (): string => 'late';

describe('a wait', () => {
  test('has the first value that it is handed, and ends once', async () => {
    let endCount = 0;
    const finish = (): void => {
      endCount += 1;
    };
    const value = await waitFor({ timeoutMs: 60_000, signal: NEVER, late, finish }, (settle) => {
      settle('first');
      settle('second');
    });
    expect([value, endCount]).toEqual(['first', 1]);
  });

  test('has another value once its time is up', async () => {
    expect(await waitFor({ timeoutMs: 1, signal: NEVER, late }, () => {})).toBe('late');
  });

  test('rejects with the reason of an abort, before and during it', async () => {
    const abort = new AbortController();
    const during = waitFor({ timeoutMs: 60_000, signal: abort.signal, late }, () => {});
    abort.abort(new Error('interrupted'));
    await expect(during).rejects.toThrow('interrupted');
    await expect(waitFor({ timeoutMs: 60_000, signal: abort.signal, late }, () => {})).rejects.toThrow('interrupted');
  });
});
