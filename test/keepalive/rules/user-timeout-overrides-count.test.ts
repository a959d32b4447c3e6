import { describe, expect, test } from 'vitest';
import { rule } from '../../../src/keepalive/rules/user-timeout-overrides-count.ts';
import { facts, settings } from '../facts.ts';

const withUserTimeout = (userTimeoutMs: number, count = 5) =>
  facts({ settings: settings({ idleMs: 60_000, intervalMs: 20_000, count, userTimeoutMs }) });

test('one that undercuts the second probe is a warning, with the value that the count meant', () => {
  expect(rule.judge(withUserTimeout(30_000))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: {
        userTimeoutMs: 30_000,
        idleMs: 60_000,
        intervalMs: 20_000,
        count: 5,
        deadAfterMs: 80_000,
        deadAfterByCountMs: 160_000,
      },
      remedy: ['setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(unsigned){160000}, sizeof(unsigned));'],
    },
  ]);
});

test('one that only shifts the end is told', () => {
  expect(rule.judge(withUserTimeout(600_000))).toEqual([
    {
      severity: 'info',
      message: expect.any(String),
      evidence: expect.objectContaining({ deadAfterMs: 600_000, deadAfterByCountMs: 160_000 }),
      remedy: [],
    },
  ]);
});

describe('with 60/20/5', () => {
  test.each([
    [1, 'warning'],
    [80_000, 'warning'],
    [80_001, 'info'],
    [140_000, 'info'],
    [140_001, null],
    [160_000, null],
    [160_001, 'info'],
  ])('a user timeout of %d ms is %s', (userTimeoutMs, severity) => {
    expect(rule.judge(withUserTimeout(userTimeoutMs)).map((found) => found.severity)).toEqual(
      severity === null ? [] : [severity],
    );
  });

  test('and one probe a short user timeout changes nothing', () => {
    expect(rule.judge(withUserTimeout(1000, 1))).toEqual([]);
  });
});

test.each([
  ['none is set', settings({ userTimeoutMs: 0 })],
  ['keepalive is off', settings({ enabled: false, userTimeoutMs: 1000 })],
  ['the settings are not known', null],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(facts({ settings: known }))).toEqual([]);
});
