import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/measure/rules/keepalive-does-not-refresh.ts';
import { measured, UNMEASURED } from '../measured.ts';

test('keepalive that was sent in vain is an error', () => {
  expect(rule.judge(measured({ keepaliveRefreshes: false }))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: { lowerMs: 299_000, upperMs: 301_000, keepaliveRefreshes: false },
      remedy: ['# only data counts here: a request of the application at least every', '# 1 m 40 s'],
    },
  ]);
});

test.each([
  ['nothing was measured', UNMEASURED],
  ['it refreshes', measured()],
  ['that is not known', measured({ keepaliveRefreshes: null })],
  ['the peer ended the connections', measured({ endedBy: 'peer', keepaliveRefreshes: false })],
])('there is none when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
