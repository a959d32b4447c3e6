import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ParseError } from '../../../../src/base/errors.ts';
import type { ConfigFiles } from '../../../../src/commands/chain/config/files.ts';
import { readInvocation, splitWords } from '../../../../src/commands/chain/gunicorn/command-line.ts';
import { readGunicorn } from '../../../../src/commands/chain/gunicorn/read-gunicorn.ts';
import { fixtures } from './fixtures.ts';

function oneFile(text: string | Uint8Array): ConfigFiles {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return { read: () => ({ kind: 'file', bytes }), list: () => [] };
}

/** The value of keepalive, `?` when it is not known, or the error's sentence. Anything but data and ParseErrors fails the test. */
function keepaliveOf(text: string | Uint8Array): string {
  try {
    const { settings } = readGunicorn({ configPath: 'c.py', words: [], environmentWords: null }, oneFile(text));
    return 'value' in settings.keepalive ? String(settings.keepalive.value) : '?';
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    expect(error.message).toMatch(/^c\.py:\d+: /);
    return error.message;
  }
}

describe('readGunicorn, given what no one should write,', () => {
  const seeds = fixtures.map(({ path }) => readFileSync(path));
  const pieces = [
    '(',
    ')',
    '[',
    '{',
    '"',
    "'",
    '"""',
    '\\',
    '#',
    '\n',
    '    ',
    '=',
    ':',
    ';',
    'f"{',
    'keepalive',
    'if x:',
    '\0',
    '\xff',
  ];

  test('returns data or a ParseError for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void keepaliveOf(bytes)));
  });

  test('returns data or a ParseError for any soup of tokens', () => {
    const token = fc.constantFrom(
      ...pieces,
      '75',
      '-',
      '**',
      '//',
      'lambda',
      'import',
      '*',
      'for',
      'in',
      'del',
      ',',
      '+',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 40 }), (tokens) => void keepaliveOf(`keepalive = ${tokens.join(' ')}`)),
    );
  });

  test('returns data or a ParseError for files with pieces cut out and put in', () => {
    const change = fc.record({
      seed: fc.nat(seeds.length - 1),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(30),
      piece: fc.constantFrom('', ...pieces),
    });
    fc.assert(
      fc.property(change, ({ seed, at, cut, piece }) => {
        const text = (seeds[seed] ?? Buffer.alloc(0)).toString('latin1');
        const index = Math.floor(at * text.length);
        keepaliveOf(Buffer.from(text.slice(0, index) + piece + text.slice(index + cut), 'latin1'));
      }),
      { numRuns: 500 },
    );
  });

  test.each<[what: string, text: string, answer: string]>([
    ['brackets in brackets', `keepalive = ${'('.repeat(100_000)}75${')'.repeat(100_000)}`, '?'],
    ['a hundred thousand signs', `keepalive = ${'-'.repeat(100_000)}75`, '?'],
    ['fields in fields', `keepalive = ${'f"{'.repeat(100_000)}`, 'c.py:1: formatted strings are nested too deep'],
    ['a million tokens', 'a + '.repeat(500_000), 'c.py:1: is too long for a file of settings'],
    ['a huge power', 'keepalive = 9 ** 9 ** 9', '?'],
    ['a number beyond all measure', `keepalive = ${'9'.repeat(10_000)}`, '?'],
    ['nothing', '', '2'],
  ])('ends at once for %s', (_, text, answer) => {
    expect(keepaliveOf(text)).toBe(answer);
  });

  test.each<[text: string, answer: string]>([
    ['keepalive = 75 if debug else 5', '?'],
    ['keepalive = timeout = 7', '7'],
    ['keepalive, timeout = 7, 8', '?'],
    ['(keepalive, timeout) = (7, 8)', '?'],
    ['print(keepalive := 7)', '?'],
    ['for keepalive in (1, 2): pass', '?'],
    ['from elsewhere import (other, keepalive)', '?'],
    ['import elsewhere as keepalive', '?'],
    ['def keepalive(): pass', '?'],
    ['match x:\n    case {"a": keepalive}: pass', '?'],
    ['import sys\nsys.modules[__name__].keepalive = 7', '?'],
    ['make(keepalive=7)', '2'],
    ['other.keepalive = 7', '2'],
    ['def f(keepalive=7):\n    keepalive = 8', '2'],
    ['x = [keepalive for keepalive in (1, 2)]\nkeepalive = 9', '9'],
    ['keepalive: int', '2'],
    ['keepalive = 1_0', '10'],
    ['keepalive = 1__0', '?'],
    ['keepalive = b"75"', '?'],
    ["keepalive = '75'", '75'],
    ['keepalive = (\n  75\n)  # seconds', '75'],
    ['if True: keepalive = 7\nkeepalive = 8', '8'],
    ['keepalive = 8\nif True: keepalive = 7', '?'],
    ['x = 4; keepalive = x * x - 1', '15'],
    ['x = f(); keepalive = x', '?'],
    ['keepalive = 75 + 0.0', '?'],
  ])('makes of %j: %s', (text, answer) => {
    expect(keepaliveOf(text)).toBe(answer);
  });
});

describe('readInvocation', () => {
  test.each<[text: string, expected: ReturnType<typeof readInvocation>]>([
    ['gunicorn -k gthread app:app', { words: ['-k', 'gthread', 'app:app'], environmentWords: null }],
    ['/opt/venv/bin/gunicorn app:app', { words: ['app:app'], environmentWords: null }],
    ['exec python3 -m gunicorn -w 2 app', { words: ['-w', '2', 'app'], environmentWords: null }],
    ["GUNICORN_CMD_ARGS='--keep-alive 9' A=b gunicorn app", { words: ['app'], environmentWords: '--keep-alive 9' }],
    ['gunicorn', { words: [], environmentWords: null }],
    ['uvicorn gunicorn:app', null],
    ['/srv/my gunicorn.conf.py', null],
    ["/srv/it's mine/nginx.conf", null],
  ])('makes of %s: %j', (text, expected) => {
    expect(readInvocation(text)).toEqual(expected);
  });
});

describe('splitWords', () => {
  test.each<[text: string, words: string[]]>([
    ['', []],
    ['  a  b\tc\n', ['a', 'b', 'c']],
    ['--name \'a b\' "c d" e\\ f', ['--name', 'a b', 'c d', 'e f']],
    ['a\'b\'"c" \'\' ""', ['abc', '', '']],
    ['"a\\"b\\x" \'a\\b\'', ['a"b\\x', 'a\\b']],
  ])('makes of %j: %j', (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });

  test.each(['"', "'a", 'a "b c'])('refuses the open quote of %j', (text) => {
    expect(() => splitWords(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
