import { describe, expect, test } from 'vitest';
import { rule } from '../../../src/keepalive/rules/keepalive-interval-slower-than-middlebox.ts';
import { rules } from '../../../src/keepalive/rules/registry.generated.ts';
import { judge } from '../../../src/report/finding.ts';
import { facts, middlebox, namespaceLines, settings, socketLines } from '../facts.ts';

const quick = middlebox({ idleTimeoutMs: 60_000 });
const onlyIdleLowered = settings({ idleMs: 30_000, intervalMs: 75_000, count: 9 });
const librarySwitches = ['# libpq', 'keepalives=1'];

test('an interval longer than the timeout is an error even if probes are answered, with the lines for socket and library', () => {
  expect(rule.judge(facts({ settings: onlyIdleLowered, middleboxes: [quick], librarySwitches }))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: {
        idleMs: 30_000,
        intervalMs: 75_000,
        probePeriodMs: 75_000,
        middlebox: 'box',
        middleboxIdleTimeoutMs: 60_000,
      },
      remedy: [...socketLines(20, 5, 4, 40_000), ...librarySwitches],
    },
  ]);
});

test('for the settings of a host the line is the sysctl', () => {
  const host = { ...onlyIdleLowered, basis: 'sysctl' as const };
  expect(rule.judge(facts({ settings: host, middleboxes: [quick], librarySwitches }))).toMatchObject([
    { remedy: namespaceLines(20, 5, 4) },
  ]);
});

test('a timeout that no keepalive can meet gets no lines', () => {
  const known = facts({
    settings: settings({ idleMs: 2000, intervalMs: 75_000 }),
    middleboxes: [middlebox({ idleTimeoutMs: 5000 })],
    librarySwitches,
  });
  expect(rule.judge(known)).toMatchObject([{ remedy: [] }]);
});

describe('the limit', () => {
  test.each<[idleMs: number, intervalMs: number, count: number]>([
    [30_000, 59_000, 0],
    [30_000, 60_000, 1],
    [59_000, 60_000, 1],
    // The first probe is too late already: another rule says so.
    [60_000, 60_000, 0],
    [60_000, 75_000, 0],
  ])('idle %d ms and interval %d ms against 60000 ms give %d findings', (idleMs, intervalMs, count) => {
    const known = facts({ settings: settings({ idleMs, intervalMs }), middleboxes: [quick] });
    expect(rule.judge(known)).toHaveLength(count);
  });
});

test('what is too late is said by one rule only', () => {
  for (const [idleMs, intervalMs] of [
    [30_000, 75_000],
    [60_000, 75_000],
    [58_000, 15_000],
  ] as const) {
    const found = judge(rules, 'h:1', facts({ settings: settings({ idleMs, intervalMs }), middleboxes: [quick] }));
    expect(found.filter(({ severity }) => severity !== 'info')).toHaveLength(1);
  }
});

test.each([
  ['keepalive is off', settings({ enabled: false, idleMs: 30_000, intervalMs: 75_000 }), [quick]],
  ['the settings are not known', null, [quick]],
  ['no middlebox was given', onlyIdleLowered, []],
  ['keepalive cannot refresh it anyway', onlyIdleLowered, [{ ...quick, keepaliveRefreshes: false }]],
])('says nothing when %s', (_, known, middleboxes) => {
  expect(rule.judge(facts({ settings: known, middleboxes }))).toEqual([]);
});
