import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/run/rules/keepalive-off-when-last-seen.ts';
import { middleboxWithTimeout } from '../../../../src/commands/shared/options.ts';
import { facts, middlebox, socketLines } from '../../../policy/facts.ts';

test('a connection that was soon over with keepalive off is a warning, which says how long it was seen', () => {
  const librarySwitches = ['# libpq', 'keepalives=1'];
  const glimpsed = { enabled: false, watchedMs: 40 };
  const known = facts({ glimpsed, middleboxes: [middlebox()], librarySwitches });
  expect(rule.judge(known)).toEqual([
    {
      severity: 'warning',
      message:
        'TCP keepalive was off when the connection was last seen, 40 ms after the first time: one that lives longer may get it later, or never',
      evidence: { enabled: false, watchedMs: 40 },
      remedy: [...socketLines(300, 15, 4, 360_000), ...librarySwitches],
    },
  ]);
});

test('without lines that could help there are none', () => {
  const middleboxes = [middleboxWithTimeout(10_000)];
  const [judgement] = rule.judge(facts({ glimpsed: { enabled: false, watchedMs: 0 }, middleboxes }));
  expect(judgement?.remedy).toEqual([]);
});

test.each([
  ['it was on', { enabled: true, watchedMs: 40 }],
  ['no connection was only glimpsed', null],
])('says nothing when %s', (_, glimpsed) => {
  expect(rule.judge(facts({ glimpsed }))).toEqual([]);
});
