import { expect, test } from 'vitest';
import { presets } from '../../src/knowledge/middleboxes/registry.generated.ts';
import type { MiddleboxPreset } from '../../src/knowledge/preset.ts';

/** What is wrong with one preset, in words. */
function mistakesIn(id: string, preset: MiddleboxPreset): string[] {
  const { idleTimeoutMs, rangeMs, closing, source, keepalive, note } = preset;
  const [from, to] = rangeMs ?? [0, Number.MAX_SAFE_INTEGER];
  const times = Object.entries(closing ?? {}).filter(([name]) => name.endsWith('Ms'));
  const claims: Record<string, boolean> = {
    'has an id that cannot be typed': !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id),
    'has no idle timeout in whole milliseconds': idleTimeoutMs !== null && !isWhole(idleTimeoutMs, 1),
    'has a range that does not begin before it ends': !(isWhole(from, 0) && isWhole(to, 1) && from < to),
    'has its default outside of its range': idleTimeoutMs !== null && (idleTimeoutMs < from || idleTimeoutMs > to),
    'has a source that is no web address': source !== null && !(URL.canParse(source) && /^https?:/.test(source)),
    'does not say how it is known that keepalive refreshes it':
      (keepalive.refreshes === null) !== (keepalive.basis === 'unknown'),
    'has a closing timeout that is no number of milliseconds': times.some(([, ms]) => !isWhole(ms, 0)),
    'has closing timeouts without any': closing !== null && times.length === 0,
    'has a note that is blank or no sentence': !/\S[.)]$/.test(note),
  };
  return Object.keys(claims)
    .filter((claim) => claims[claim])
    .map((claim) => `${id} ${claim}`);
}

const isWhole = (value: unknown, least: number): boolean => Number.isSafeInteger(value) && Number(value) >= least;

test('every preset is complete and agrees with itself', () => {
  expect(Object.keys(presets)).toContain('aws-alb');
  expect(Object.entries(presets).flatMap(([id, preset]) => mistakesIn(id, preset))).toEqual([]);
});

test('a mistake in a preset is named', () => {
  const preset = presets['aws-alb'];
  if (preset === undefined) throw new Error('aws-alb is gone');
  const wrong = {
    ...preset,
    idleTimeoutMs: 5_000_000,
    keepalive: { refreshes: null, basis: 'read' },
  } as const;
  expect(mistakesIn('ALB', wrong)).toEqual([
    'ALB has an id that cannot be typed',
    'ALB has its default outside of its range',
    'ALB does not say how it is known that keepalive refreshes it',
  ]);
});
