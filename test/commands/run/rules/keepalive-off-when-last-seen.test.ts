import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/run/rules/keepalive-off-when-last-seen.ts';
import { middleboxWithTimeout } from '../../../../src/commands/shared/options.ts';
import { facts, middlebox, socketLines } from '../../../keepalive/facts.ts';

test('a connection that was soon over with keepalive off is a warning, which says how long it was seen', () => {
  const librarySwitches = ['# libpq', 'keepalives=1'];
  const known = facts({ middleboxes: [middlebox()], librarySwitches });
  expect(rule.judge({ ...known, glimpsedForMs: 40 })).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: { enabled: false, watchedMs: 40 },
      remedy: [...socketLines(300, 15, 4, 360_000), ...librarySwitches],
    },
  ]);
});

test('without lines that could help there are none', () => {
  const middleboxes = [middleboxWithTimeout(10_000)];
  const [judgement] = rule.judge({ ...facts({ middleboxes }), glimpsedForMs: 0 });
  expect(judgement?.remedy).toEqual([]);
});

test('says nothing when no connection was only glimpsed', () => {
  expect(rule.judge({ ...facts(), glimpsedForMs: null })).toEqual([]);
});
