import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandGlob, matches } from '../../../../src/commands/chain/nginx/glob.ts';

describe('matches', () => {
  test.each<[pattern: string, name: string, expected: boolean]>([
    ['*', 'a.conf', true],
    ['*', '.hidden', false],
    ['.*', '.hidden', true],
    ['*.conf', 'a.conf', true],
    ['*.conf', 'a.conf.bak', false],
    ['*.conf', '.conf', false],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'axxbyy', false],
    ['?.conf', 'a.conf', true],
    ['?.conf', 'ab.conf', false],
    ['?a', '.a', false],
    ['[a-c]x', 'bx', true],
    ['[a-c]x', 'dx', false],
    ['[!a-c]x', 'dx', true],
    ['[^a]x', 'ax', false],
    ['[]x]', ']', true],
    ['[a-]', '-', true],
    ['[a', '[a', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['', '', true],
  ])('%j and %j: %j', (pattern, name, expected) => {
    expect(matches(pattern, name)).toBe(expected);
  });

  test('ends soon for patterns that ask for much backtracking', () => {
    expect(matches(`${'*a'.repeat(50)}b`, 'a'.repeat(5000))).toBe(false);
  });

  test('finds every name in itself with stars put in', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,10}$/), fc.nat(10), (name, at) => {
        expect(matches(`${name.slice(0, at)}*${name.slice(at)}`, name)).toBe(true);
      }),
    );
  });
});

test('expandGlob sorts by bytes and takes wildcards in folders', () => {
  const folders: Record<string, string[]> = {
    '/etc/': ['b', 'a', 'x.d'],
    '/etc/a/': ['z.conf', 'B.conf', 'ä.conf'],
    '/etc/b/': ['1.conf'],
  };
  const files = {
    read: () => ({ kind: 'unreadable', reason: '' }) as const,
    list: (folder: string) => folders[folder] ?? [],
  };
  expect(expandGlob('/etc/[ab]/*.conf', files)).toEqual([
    '/etc/a/B.conf',
    '/etc/a/z.conf',
    '/etc/a/ä.conf',
    '/etc/b/1.conf',
  ]);
  expect(expandGlob('/etc/*/1.conf', files)).toEqual(['/etc/b/1.conf']);
});
