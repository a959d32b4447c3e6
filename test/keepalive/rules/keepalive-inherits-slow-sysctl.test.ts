import { expect, test } from 'vitest';
import { rule } from '../../../src/keepalive/rules/keepalive-inherits-slow-sysctl.ts';
import { facts, middlebox, namespaceLines, settings } from '../facts.ts';

const all = { idle: true, interval: true, count: true };
const inherited = settings({ idleMs: 7_200_000 }, { inherited: all });

test.each(['measured', 'planned'] as const)(
  'an inherited idle time that is too slow is a warning when %s, with the sysctl line',
  (basis) => {
    const known = facts({ settings: { ...inherited, basis }, middleboxes: [middlebox()] });
    expect(rule.judge(known)).toEqual([
      {
        severity: 'warning',
        message: expect.any(String),
        evidence: { tcpKeepaliveTimeMs: 7_200_000, middlebox: 'box', middleboxIdleTimeoutMs: 1_800_000 },
        remedy: namespaceLines(300, 15, 4),
      },
    ]);
  },
);

test.each([
  [1_799_000, 0],
  [1_800_000, 1],
])('the limit: a first probe after %d ms gives %d findings', (idleMs, count) => {
  const known = facts({ settings: settings({ idleMs }, { inherited: all }), middleboxes: [middlebox()] });
  expect(rule.judge(known)).toHaveLength(count);
});

test('a timeout that no keepalive can meet gets no line', () => {
  const middleboxes = [middlebox({ idleTimeoutMs: 5000 })];
  expect(rule.judge(facts({ settings: inherited, middleboxes }))).toMatchObject([{ remedy: [] }]);
});

test.each([
  [
    'the idle time was asked for',
    settings({ idleMs: 7_200_000 }, { inherited: { ...all, idle: false } }),
    [middlebox()],
  ],
  [
    'the host is what is judged, which is said by another rule',
    settings({ idleMs: 7_200_000 }, { basis: 'sysctl', inherited: all }),
    [middlebox()],
  ],
  ['keepalive is off', settings({ enabled: false, idleMs: 7_200_000 }, { inherited: all }), [middlebox()]],
  ['the settings are not known', null, [middlebox()]],
  ['no middlebox was given', inherited, []],
  ['keepalive cannot refresh it anyway', inherited, [middlebox({ keepaliveRefreshes: false })]],
])('says nothing when %s', (_, known, middleboxes) => {
  expect(rule.judge(facts({ settings: known, middleboxes }))).toEqual([]);
});
