import { expect, test } from 'vitest';
import { rule } from '../../../src/keepalive/rules/middlebox-forgets-too-soon.ts';
import { facts, middlebox, settings } from '../facts.ts';

const hasty = middlebox({ idleTimeoutMs: 20_000 });

test('a timeout of less than 30 s is a warning that offers other means', () => {
  expect(rule.judge(facts({ settings: settings(), middleboxes: [hasty] }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: { middlebox: 'box', middleboxIdleTimeoutMs: 20_000, floorMs: 30_000 },
      remedy: ['# raise its timeout:', 'set timeout <seconds>'],
    },
  ]);
});

test('a box that nobody knows how to configure gets no line', () => {
  const middleboxes = [middlebox({ idleTimeoutMs: 20_000, configurableWith: null })];
  expect(rule.judge(facts({ settings: settings(), middleboxes }))).toMatchObject([{ remedy: [] }]);
});

test.each([
  [29_999, 1],
  [30_000, 0],
])('the limit: a timeout of %d ms gives %d findings', (idleTimeoutMs, count) => {
  const middleboxes = [middlebox({ idleTimeoutMs })];
  expect(rule.judge(facts({ settings: settings(), middleboxes }))).toHaveLength(count);
});

test.each([
  ['the settings are not known', null, [hasty]],
  ['no middlebox was given', settings(), []],
  ['keepalive cannot refresh it anyway', settings(), [middlebox({ idleTimeoutMs: 20_000, keepaliveRefreshes: false })]],
])('says nothing when %s', (_, known, middleboxes) => {
  expect(rule.judge(facts({ settings: known, middleboxes }))).toEqual([]);
});
