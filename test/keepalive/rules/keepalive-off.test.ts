import { expect, test } from 'vitest';
import { middleboxWithTimeout } from '../../../src/commands/shared/options.ts';
import { rule } from '../../../src/keepalive/rules/keepalive-off.ts';
import { facts, middlebox, settings, socketLines } from '../facts.ts';

const off = settings({ enabled: false });
const librarySwitches = ['# libpq', 'keepalives=1'];

test('without a middlebox it is a warning, with lines that suit most', () => {
  expect(rule.judge(facts({ settings: off, librarySwitches }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: { enabled: false },
      remedy: [...socketLines(60, 15, 4, 120_000), ...librarySwitches],
    },
  ]);
});

test('with a middlebox it is an error, with lines that outlive its timeout', () => {
  expect(rule.judge(facts({ settings: off, middleboxes: [middlebox()], librarySwitches }))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: { enabled: false, middleboxIdleTimeoutMs: 1_800_000 },
      remedy: [...socketLines(300, 15, 4, 360_000), ...librarySwitches],
    },
  ]);
});

test('with a timeout that no keepalive can meet there are no lines that would not help', () => {
  const middleboxes = [middleboxWithTimeout(10_000)];
  expect(rule.judge(facts({ settings: off, middleboxes, librarySwitches }))).toMatchObject([
    {
      severity: 'error',
      remedy: [],
    },
  ]);
});

test('behind a proxy alone it is a warning: there keepalive would not keep the connection either', () => {
  const middleboxes = [middlebox({ keepaliveRefreshes: false })];
  expect(rule.judge(facts({ settings: off, middleboxes }))).toMatchObject([{ severity: 'warning' }]);
});

test.each([
  ['it is on', settings()],
  ['the settings are not known', null],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(facts({ settings: known, middleboxes: [middlebox()] }))).toEqual([]);
});
