import { describe, expect, test } from 'vitest';
import { rule } from '../../../src/keepalive/rules/keepalive-slower-than-middlebox.ts';
import { facts, middlebox, namespaceLines, settings, socketLines } from '../facts.ts';

const slow = settings({ idleMs: 7_200_000 });
const librarySwitches = ['# libpq', 'keepalives=1'];

test('the default of two hours behind a firewall of 30 minutes is an error, with the lines for socket and library', () => {
  expect(rule.judge(facts({ settings: slow, middleboxes: [middlebox()], librarySwitches }))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: { idleMs: 7_200_000, middlebox: 'box', middleboxIdleTimeoutMs: 1_800_000 },
      remedy: [...socketLines(300, 15, 4, 360_000), ...librarySwitches],
    },
  ]);
});

test('for the settings of a host the line is the sysctl', () => {
  const host = settings({ idleMs: 7_200_000 }, { basis: 'sysctl' });
  expect(rule.judge(facts({ settings: host, middleboxes: [middlebox()], librarySwitches }))).toMatchObject([
    { remedy: namespaceLines(300, 15, 4) },
  ]);
});

test('the strictest of several middleboxes decides', () => {
  const middleboxes = [middlebox(), middlebox({ id: 'strict', name: 'Strict', idleTimeoutMs: 350_000 })];
  expect(rule.judge(facts({ settings: slow, middleboxes }))).toMatchObject([
    { evidence: { middlebox: 'strict', middleboxIdleTimeoutMs: 350_000 }, remedy: socketLines(115, 15, 4, 175_000) },
  ]);
});

test('a timeout that no keepalive can meet gets no lines', () => {
  const middleboxes = [middlebox({ idleTimeoutMs: 5000 })];
  expect(rule.judge(facts({ settings: slow, middleboxes, librarySwitches }))).toMatchObject([{ remedy: [] }]);
});

describe('the limit', () => {
  test.each([
    [1_799_999, 0],
    [1_800_000, 1],
    [1_800_001, 1],
  ])('a first probe after %d ms gives %d findings', (idleMs, count) => {
    expect(rule.judge(facts({ settings: settings({ idleMs }), middleboxes: [middlebox()] }))).toHaveLength(count);
  });
});

test('assumes of a box of which it is not known that keepalive refreshes it', () => {
  const middleboxes = [middlebox({ keepaliveRefreshes: null })];
  expect(rule.judge(facts({ settings: slow, middleboxes }))).toHaveLength(1);
});

test.each([
  ['keepalive is off', settings({ enabled: false, idleMs: 7_200_000 }), [middlebox()]],
  ['the settings are not known', null, [middlebox()]],
  ['no middlebox was given', slow, []],
  ['keepalive cannot refresh it anyway', slow, [middlebox({ keepaliveRefreshes: false })]],
])('says nothing when %s', (_, known, middleboxes) => {
  expect(rule.judge(facts({ settings: known, middleboxes }))).toEqual([]);
});
