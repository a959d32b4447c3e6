import { expect, test } from 'vitest';
import { rule } from '../../../src/keepalive/rules/dead-peer-noticed-after.ts';
import { facts, settings } from '../facts.ts';

test('the default of Linux is told to take more than two hours', () => {
  const stock = settings({ idleMs: 7_200_000, intervalMs: 75_000, count: 9 });
  expect(rule.judge(facts({ settings: stock }))).toEqual([
    {
      severity: 'info',
      message: expect.any(String),
      evidence: { deadAfterMs: 7_875_000, idleMs: 7_200_000, intervalMs: 75_000, count: 9 },
      remedy: [],
    },
  ]);
});

test('with a user timeout that decides, not the count', () => {
  const known = settings({ idleMs: 60_000, intervalMs: 20_000, count: 5, userTimeoutMs: 90_000 });
  expect(rule.judge(facts({ settings: known }))).toEqual([
    {
      severity: 'info',
      message: expect.any(String),
      evidence: { deadAfterMs: 100_000, idleMs: 60_000, intervalMs: 20_000, count: 5, userTimeoutMs: 90_000 },
      remedy: [],
    },
  ]);
});

test.each([
  ['keepalive is off', settings({ enabled: false })],
  ['the settings are not known', null],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(facts({ settings: known }))).toEqual([]);
});
