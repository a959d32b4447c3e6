import { expect, test } from 'vitest';
import { rule } from '../../../src/keepalive/rules/middlebox-terminates-tcp.ts';
import { facts, middlebox, settings } from '../facts.ts';

const proxy = middlebox({ id: 'alb', name: 'Balancer', idleTimeoutMs: 60_000, keepaliveRefreshes: false });

test('a proxy is an error whatever the keepalive, with the pool idle that it allows', () => {
  expect(rule.judge(facts({ settings: settings(), middleboxes: [middlebox(), proxy] }))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: {
        middlebox: 'alb',
        middleboxIdleTimeoutMs: 60_000,
        poolIdleMs: 54_000,
        keepaliveRefreshes: false,
        confidence: 'verified-by-reading',
      },
      remedy: ['# or raise its timeout:', 'set timeout <seconds>'],
    },
  ]);
});

test('each of several proxies is reported', () => {
  const middleboxes = [proxy, { ...proxy, id: 'nginx' }];
  expect(rule.judge(facts({ settings: settings(), middleboxes }))).toHaveLength(2);
});

test('keepalive that is off does not change it', () => {
  expect(rule.judge(facts({ settings: settings({ enabled: false }), middleboxes: [proxy] }))).toHaveLength(1);
});

test('what is not known about a box is left out', () => {
  const middleboxes = [{ ...proxy, configurableWith: null }];
  const [judgement] = rule.judge(facts({ settings: settings(), middleboxes }));
  expect(judgement?.remedy).toEqual([]);
});

test.each([
  ['keepalive refreshes it', settings(), [middlebox()]],
  ['that is not known', settings(), [middlebox({ keepaliveRefreshes: null })]],
  ['the settings are not known', null, [proxy]],
  ['no middlebox was given', settings(), []],
])('says nothing when %s', (_, known, middleboxes) => {
  expect(rule.judge(facts({ settings: known, middleboxes }))).toEqual([]);
});

test('of live connections it is a warning: they may have a heartbeat', () => {
  expect(rule.judge(facts({ liveConnections: true, middleboxes: [proxy] }))).toMatchObject([
    { severity: 'warning', evidence: { keepaliveRefreshes: false } },
  ]);
});
