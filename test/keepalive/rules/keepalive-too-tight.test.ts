import { expect, test } from 'vitest';
import { rule } from '../../../src/keepalive/rules/keepalive-too-tight.ts';
import { facts, middlebox, settings, socketLines } from '../facts.ts';

test('giving up after less than ten seconds is a warning, with calmer lines', () => {
  const tight = settings({ idleMs: 1000, intervalMs: 1000, count: 3 });
  expect(rule.judge(facts({ settings: tight }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: { deadAfterMs: 4000, idleMs: 1000, intervalMs: 1000, count: 3 },
      remedy: socketLines(60, 15, 4, 120_000),
    },
  ]);
});

test('the lines suit the middlebox, if one was given', () => {
  const tight = settings({ idleMs: 1000, intervalMs: 1000, count: 3 });
  expect(rule.judge(facts({ settings: tight, middleboxes: [middlebox()] }))).toMatchObject([
    { remedy: socketLines(300, 15, 4, 360_000) },
  ]);
});

test('a user timeout that makes it tight is among the evidence', () => {
  const tight = settings({ idleMs: 5000, intervalMs: 1000, count: 9, userTimeoutMs: 3000 });
  expect(rule.judge(facts({ settings: tight }))).toMatchObject([
    { evidence: { deadAfterMs: 6000, idleMs: 5000, intervalMs: 1000, count: 9, userTimeoutMs: 3000 } },
  ]);
});

test.each([
  [5000, 1000, 4, 1],
  [5000, 1000, 5, 0],
  [6000, 1000, 4, 0],
])('the limit of 10 s: %d + %d · %d ms gives %d findings', (idleMs, intervalMs, count, findings) => {
  expect(rule.judge(facts({ settings: settings({ idleMs, intervalMs, count }) }))).toHaveLength(findings);
});

test.each([
  ['keepalive is off', settings({ enabled: false, idleMs: 1000, intervalMs: 1000, count: 1 })],
  ['the settings are not known', null],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(facts({ settings: known }))).toEqual([]);
});
