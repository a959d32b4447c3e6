import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeInJson, printable, printableDeep } from '../../src/output/printable.ts';
import { anyText as anyWellFormedText } from '../any-text.ts';

const anyText = fc.oneof(
  anyWellFormedText(),
  fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes)),
);

/** Control, format, line and paragraph separators, and halves of surrogate pairs, as Unicode itself classes them, in the basic plane. */
const DANGEROUS = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u;

describe('printable', () => {
  test.each([
    ['plain text, ünï — 例 🙂', 'plain text, ünï — 例 🙂'],
    ['\u001b[31mred\u001b[0m', '\\x1b[31mred\\x1b[0m'],
    ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
    ['a\nb\r\nc\td', 'a\\x0ab\\x0d\\x0ac\\x09d'],
    ['\u0000\u007f', '\\x00\\x7f'],
    ['\u009b31m', '\\x9b31m'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
    ['\u2066x\u2069', '\\u2066x\\u2069'],
    ['zero\u200bwidth\ufeff', 'zero\\u200bwidth\\ufeff'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\ud800', '\\ud800'],
    ['\udc00\ud800', '\\udc00\\ud800'],
    ['x\ud83d', 'x\\ud83d'],
    ['', ''],
  ])('shows %j as %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test('leaves nothing that moves the cursor, breaks the line or reorders it', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(printable(text)).not.toMatch(DANGEROUS);
      }),
      { numRuns: 2000 },
    );
  });

  test('leaves a printable text as it is', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(printable(printable(text))).toBe(printable(text));
      }),
    );
  });
});

describe('printableDeep', () => {
  test('reaches texts at any depth and leaves all else', () => {
    const data = { a: ['\u001b', { b: '\n' }], c: null, d: 5, e: true, f: [], g: 'fine' };
    expect(printableDeep(data)).toEqual({ a: ['\\x1b', { b: '\\x0a' }], c: null, d: 5, e: true, f: [], g: 'fine' });
    expect(data.a[0]).toBe('\u001b');
  });
});

describe('escapeInJson', () => {
  test('keeps the parsed data and leaves no raw sign of those but the newlines of the layout', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.dictionary(anyText, fc.array(anyText)), anyText, (value, lists, text) => {
        const data = { value, lists, text };
        const json = escapeInJson(JSON.stringify(data, null, 2));
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(data)));
        expect(json.replaceAll('\n', '')).not.toMatch(DANGEROUS);
      }),
      { numRuns: 500 },
    );
  });
});
