import { describe, expect, test } from 'vitest';
import { lockNamespace } from '../../src/linux/namespace-lock.ts';

const { signal } = new AbortController();
const name = (): string => `test-${process.pid}-${performance.now()}`;
const in_ = (ms: number): number => performance.now() + ms;

describe.skipIf(process.platform !== 'linux')('lockNamespace (needs Linux)', () => {
  test('gives the lock to one at a time, and to the next when it is released', async () => {
    const lock = name();
    let holders = 0;
    let most = 0;
    const turns = Array.from({ length: 8 }, async () => {
      const release = await lockNamespace(lock, { signal, untilMs: in_(5000) });
      holders += 1;
      most = Math.max(most, holders);
      await new Promise((resolve) => setTimeout(resolve, 5));
      holders -= 1;
      release?.();
      return release !== null;
    });
    expect(await Promise.all(turns)).toEqual(Array(8).fill(true));
    expect(most).toBe(1);
  });

  test('is null when it is not to be had in time, and does not keep others from another lock', async () => {
    const lock = name();
    const release = await lockNamespace(lock, { signal, untilMs: in_(100) });
    expect(await lockNamespace(lock, { signal, untilMs: in_(50) })).toBeNull();
    const other = await lockNamespace(name(), { signal, untilMs: in_(50) });
    expect(other).not.toBeNull();
    release?.();
    other?.();
  });

  test('stops waiting when it is aborted', async () => {
    const lock = name();
    const release = await lockNamespace(lock, { signal, untilMs: in_(100) });
    const abort = new AbortController();
    const waiting = lockNamespace(lock, { signal: abort.signal, untilMs: in_(60_000) });
    const reason = new Error('enough');
    abort.abort(reason);
    await expect(waiting).rejects.toMatchObject({ cause: reason });
    release?.();
  });
});
