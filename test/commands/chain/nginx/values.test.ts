import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFlag, parseNumber, parseTime } from '../../../../src/commands/chain/nginx/values.ts';

describe('parseTime', () => {
  test.each<[text: string, ms: number | null]>([
    ['75', 75_000],
    ['75s', 75_000],
    ['1m30s', 90_000],
    ['1m30', 90_000],
    ['1h 30m', 5_400_000],
    ['500ms', 500],
    ['1w2d3h4m5s6ms', 788_645_006],
    ['0', 0],
    ['5s3', 8000],
    ['1hm', 3_600_000],
    ['30s1m', null],
    ['5m5m', null],
    ['1M', null],
    ['1.5s', null],
    ['-1', null],
    ['s', null],
    ['', null],
    ['1S', null],
    ['99999999999999999999', null],
  ])('makes of %j: %j', (text, ms) => {
    expect(parseTime(text)).toBe(ms);
  });

  test.each<[text: string, ms: number | null]>([
    ['60', 60_000],
    ['1y', 31_536_000_000],
    ['1M', 2_592_000_000],
    ['500ms', null],
  ])('makes of %j in a directive that keeps seconds: %j', (text, ms) => {
    expect(parseTime(text, 'seconds')).toBe(ms);
  });

  test('returns a whole number that is not negative, or null', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9smhdwMy ]{0,12}$/), (text) => {
        expect(parseTime(text)).toSatisfy((ms) => ms === null || (Number.isSafeInteger(ms) && ms >= 0));
      }),
    );
  });
});

test.each<[text: string, number: number | null]>([
  ['0', 0],
  ['010', 10],
  ['-1', null],
  ['1k', null],
  ['1.0', null],
  ['', null],
  ['9'.repeat(18), null],
])('parseNumber makes of %j: %j', (text, number) => {
  expect(parseNumber(text)).toBe(number);
});

test.each<[text: string, flag: boolean | null]>([
  ['on', true],
  ['OFF', false],
  ['1', null],
  ['', null],
])('parseFlag makes of %j: %j', (text, flag) => {
  expect(parseFlag(text)).toBe(flag);
});
