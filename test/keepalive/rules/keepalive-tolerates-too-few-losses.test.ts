import { describe, expect, test } from 'vitest';
import { rule } from '../../../src/keepalive/rules/keepalive-tolerates-too-few-losses.ts';
import { facts, middlebox, namespaceLines, settings, socketLines } from '../facts.ts';

const box = (idleTimeoutMs: number) => [middlebox({ idleTimeoutMs })];
const librarySwitches = ['# libpq', 'keepalives=1'];

test('a first probe just in time with slow repetition is a warning, with lines that tolerate two losses', () => {
  const tight = settings({ idleMs: 300_000, intervalMs: 75_000 });
  expect(rule.judge(facts({ settings: tight, middleboxes: box(350_000), librarySwitches }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: {
        idleMs: 300_000,
        intervalMs: 75_000,
        middlebox: 'box',
        middleboxIdleTimeoutMs: 350_000,
        marginMs: 10_000,
        toleratedLosses: 0,
      },
      remedy: [...socketLines(115, 15, 4, 175_000), ...librarySwitches],
    },
  ]);
});

test('for the settings of a host the line is the sysctl', () => {
  const host = settings({ idleMs: 300_000, intervalMs: 75_000 }, { basis: 'sysctl' });
  expect(rule.judge(facts({ settings: host, middleboxes: box(350_000), librarySwitches }))).toMatchObject([
    { remedy: namespaceLines(115, 15, 4) },
  ]);
});

describe('idle + 2 · interval <= timeout - margin', () => {
  test.each<[idle: number, interval: number, timeout: number, tolerated: number | null]>([
    // The examples of the facts.
    [60, 15, 350, null],
    [170, 15, 350, null],
    [110, 15, 240, null],
    [20, 5, 60, null],
    [900, 75, 1800, null],
    [140, 15, 300, null],
    // Exactly at the limit and a second beyond it: 350 - 10 = 310 + 2 · 15.
    [310, 15, 350, null],
    [311, 15, 350, 1],
    // One loss exactly, and a second less room.
    [325, 15, 350, 1],
    [326, 15, 350, 0],
    // Within the margin, but still before the timeout.
    [341, 15, 350, 0],
    [349, 15, 350, 0],
    // Below 100 s the margin is a tenth.
    [44, 5, 60, null],
    [45, 5, 60, 1],
    // Too late altogether: another rule says so.
    [350, 15, 350, null],
    [7200, 75, 350, null],
  ])('%d s and %d s against %d s: %s', (idle, interval, timeout, tolerated) => {
    const known = settings({ idleMs: idle * 1000, intervalMs: interval * 1000 });
    const found = rule.judge(facts({ settings: known, middleboxes: box(timeout * 1000) }));
    expect(found.map(({ evidence }) => evidence['toleratedLosses'])).toEqual(tolerated === null ? [] : [tolerated]);
  });

  test('one tolerated loss is said in the singular', () => {
    const known = settings({ idleMs: 325_000, intervalMs: 15_000 });
    expect(rule.judge(facts({ settings: known, middleboxes: box(350_000) }))).toMatchObject([
      { message: expect.stringContaining('only 1 lost probe can be made up for before that, 2 should be') },
    ]);
  });
});

const tight = settings({ idleMs: 349_000 });

test.each([
  ['keepalive is off', settings({ enabled: false, idleMs: 349_000 }), box(350_000)],
  ['the settings are not known', null, box(350_000)],
  ['no middlebox was given', tight, []],
  ['keepalive cannot refresh it anyway', tight, [middlebox({ idleTimeoutMs: 350_000, keepaliveRefreshes: false })]],
])('says nothing when %s', (_, known, middleboxes) => {
  expect(rule.judge(facts({ settings: known, middleboxes }))).toEqual([]);
});
