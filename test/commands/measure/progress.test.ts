import { expect, test } from 'vitest';
import { measureProgress } from '../../../src/commands/measure/progress.ts';
import type { AgeTest } from '../../../src/commands/measure/report.ts';
import type { MeasureProgress } from '../../../src/commands/measure/search.ts';

const tested = (ageMs: number, outcome: AgeTest['outcome']): AgeTest => ({
  plannedMs: ageMs,
  ageMs,
  outcome,
  atMs: ageMs,
});
const state = (different: Partial<MeasureProgress> = {}): MeasureProgress => ({
  elapsedMs: 10_000,
  lowerMs: 9000,
  upperMs: null,
  openCount: 62,
  news: [],
  ...different,
});

function watch(direction: 'client' | 'both') {
  const shown: string[] = [];
  const kept: string[] = [];
  const tell = measureProgress(
    { direction, maxMs: 60_000 },
    { progress: (line) => shown.push(line), note: (line) => kept.push(line) },
  );
  return { tell, shown, kept };
}

test('one line replaces itself: time passed, the most that is left, the bracket so far, what is open', () => {
  const { tell, shown } = watch('client');
  tell('client', state({ elapsedMs: 300, lowerMs: 0 }));
  tell('client', state());
  tell('client', state({ elapsedMs: 12_000, upperMs: 10_000 }));
  expect(shown).toEqual([
    '300 ms passed, at most 1 m 16 s left; timeout not known yet; 62 connections',
    '10 s passed, at most 1 m 6 s left; timeout above 9.0 s; 62 connections',
    '12 s passed, at most 20 s left; timeout 9.0 s to 10.0 s; 62 connections',
  ]);
});

test('a line stays for each death, and for a life whenever the silence has got a quarter longer', () => {
  const { tell, kept } = watch('client');
  tell('client', state({ news: [5000, 6000, 6300, 7000].map((ms) => tested(ms, 'alive')) }));
  tell(
    'client',
    state({ upperMs: 9400, news: [tested(9300, 'unmeasured'), tested(9400, 'stalled'), tested(9600, 'reset')] }),
  );
  expect(kept.map((line) => line.replace(/ +/g, ' '))).toEqual([
    'after 10 s idle 5.0 s lived',
    'after 10 s idle 6.3 s lived',
    'after 10 s idle 9.4 s died: silence',
    'after 10 s idle 9.6 s died: RST',
    'timeout so far: 9.0 s to 9.4 s',
  ]);
});

test('what is known of both sides is what both survive, and from when on neither does', () => {
  const { tell, shown, kept } = watch('both');
  expect(tell('client', state({ lowerMs: 9000, upperMs: 10_000 }))).toEqual({ lowerMs: 0, upperMs: null });
  expect(tell('server', state({ lowerMs: 7000 }))).toEqual({ lowerMs: 7000, upperMs: null });
  const news = [tested(7500, 'stalled')];
  expect(tell('server', state({ lowerMs: 7000, upperMs: 7500, news }))).toEqual({ lowerMs: 7000, upperMs: 10_000 });
  expect(shown.at(-1)).toBe(
    '10 s passed, at most 20 s left; timeout 9.0 s to 10.0 s / 7.0 s to 7.5 s; 124 connections',
  );
  expect(kept[0]).toMatch(/^far end /);
});

test('the lines that stay fit 80 columns, after hours and with two sides too', () => {
  const { tell, kept } = watch('both');
  const [lowerMs, upperMs] = [43_199_000, 86_399_000];
  tell('server', state({ elapsedMs: upperMs, lowerMs, upperMs, news: [tested(lowerMs, 'unreachable')] }));
  expect(kept).toHaveLength(2);
  for (const line of kept) expect(`kaprobe: ${line}`.length).toBeLessThanOrEqual(80);
});
