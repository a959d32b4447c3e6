import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { durationArgument, formatDuration, parseDuration, plural } from '../../src/base/units.ts';
import { anyText } from '../any-text.ts';

describe('parseDuration', () => {
  test.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['2h', 7_200_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['2d', 172_800_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['0s', 0],
    ['0.5s', 500],
    ['1.5h', 5_400_000],
    ['007s', 7000],
    ['1m1m', 120_000],
    ['0.001ms', 0.001],
    // Binary fractions come near these, but not to them: 4.1 · 60000 is 245999.99999999997.
    ['4.1m', 246_000],
    ['16.1s', 16_100],
    ['2.01s', 2010],
    ['8.3m', 498_000],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseDuration(text)).toEqual({ kind: 'duration', ms });
  });

  test.each(['90', '0', '1.5', '123456789012'])('refuses the bare number %s and says which units there are', (text) => {
    expect(parseDuration(text)).toEqual({
      kind: 'invalid',
      reason: `has no unit: write ${text}s, ${text}m or ${text}h`,
    });
  });

  test.each([
    '',
    ' ',
    's',
    'abc',
    '-5s',
    '+5s',
    '5 s',
    ' 5s',
    '5s ',
    '5s\n',
    '5S',
    '5sec',
    '5us',
    '1e3s',
    '1,5s',
    '.5s',
    '5.s',
    '1h30',
    '0x10s',
    '∞s',
    '٣s',
    '1234567890123s',
    '0.1234567s',
    'Infinity',
    'NaN',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toEqual({
      kind: 'invalid',
      reason: 'is not a duration: write it as 90s, 30m, 2h or 1h30m',
    });
  });

  test('makes of any text a finite duration or a short reason', () => {
    const likely = fc.stringMatching(/^[0-9.smhd -]{0,40}$/);
    fc.assert(
      fc.property(fc.oneof(anyText(), likely), (text) => {
        const parsed = parseDuration(text);
        if (parsed.kind === 'duration') expect(parsed.ms).toSatisfy((ms) => Number.isFinite(ms) && ms >= 0);
        else expect(parsed.reason).toMatch(/^.{1,119}$/s);
      }),
      { numRuns: 2000 },
    );
  });

  test.each(['9'.repeat(100_000), '1s'.repeat(50_000), `${'1m'.repeat(50_000)}x`])(
    'is done at once with a text of a hundred thousand characters (%#)',
    (text) => {
      const startedAtMs = performance.now();
      const parsed = parseDuration(text);
      expect(performance.now() - startedAtMs).toBeLessThan(1000);
      expect(parsed.kind === 'invalid' ? parsed.reason.length : 0).toBeLessThan(120);
    },
  );

  test('reads every whole number of every unit exactly', () => {
    const unit = fc.constantFrom(
      ['ms', 1] as const,
      ['s', 1000] as const,
      ['m', 60_000] as const,
      ['h', 3_600_000] as const,
    );
    fc.assert(
      fc.property(fc.nat(1_000_000), unit, (amount, [name, ms]) => {
        expect(parseDuration(`${amount}${name}`)).toEqual({ kind: 'duration', ms: amount * ms });
      }),
    );
  });

  test('reads tenths of a minute as whole seconds, which the kernel counts in', () => {
    fc.assert(
      fc.property(fc.nat(100_000), (tenths) => {
        expect(parseDuration(`${(tenths / 10).toFixed(1)}m`)).toEqual({ kind: 'duration', ms: tenths * 6000 });
      }),
    );
  });
});

describe('formatDuration', () => {
  test.each([
    [0, '0 ms'],
    [0.0351, '0.035 ms'],
    [0.349, '0.35 ms'],
    [1, '1 ms'],
    [9.94, '9.9 ms'],
    [9.96, '10 ms'],
    [10.4, '10 ms'],
    [850, '850 ms'],
    [999.4, '999 ms'],
    [999.5, '1 s'],
    [1000, '1 s'],
    [4230, '4.2 s'],
    [59_949, '59.9 s'],
    [59_950, '1 m'],
    [60_000, '1 m'],
    [90_400, '1 m 30 s'],
    [1_800_000, '30 m'],
    [3_599_600, '1 h'],
    [7_875_000, '2 h 11 m 15 s'],
    [86_400_000, '1 d'],
    [432_000_000, '5 d'],
    [90_061_000, '1 d 1 h 1 m 1 s'],
    [-90_000, '-1 m 30 s'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('is never off by more than a twentieth, nor by more than half a second', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 1e12, noNaN: true }), (ms) => {
        const read = parseDuration(formatDuration(ms).replaceAll(' ', ''));
        const error = read.kind === 'duration' ? Math.abs(read.ms - ms) : Number.NaN;
        expect(error).toBeLessThanOrEqual(Math.min(500.001, ms / 19));
      }),
      { numRuns: 2000 },
    );
  });

  test('what it writes for whole seconds reads back as the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 40_000_000 }), (seconds) => {
        const text = formatDuration(seconds * 1000).replaceAll(' ', '');
        expect(parseDuration(text)).toEqual({ kind: 'duration', ms: seconds * 1000 });
      }),
    );
  });
});

test.each([
  [0, '0 probes'],
  [1, '1 probe'],
  [2, '2 probes'],
])('plural writes %d with its noun', (count, text) => {
  expect(plural(count, 'probe')).toBe(text);
});

describe('durationArgument', () => {
  test.each([
    [1_800_000, '30m'],
    [90_000, '90s'],
    [90_500, '90500ms'],
    [7_200_000, '2h'],
    [0, '0ms'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(durationArgument(ms)).toBe(text);
  });

  test('what it writes reads back as the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40_000_000_000 }), (ms) => {
        expect(parseDuration(durationArgument(ms))).toEqual({ kind: 'duration', ms });
      }),
    );
  });
});
