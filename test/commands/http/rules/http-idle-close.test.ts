import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/http/rules/http-idle-close.ts';
import { facts, http } from '../../../policy/facts.ts';

test('the close is told, with what to stay below', () => {
  expect(rule.judge(facts({ http: http({ hint: { timeoutMs: 4000, max: null } }) }))).toEqual([
    {
      severity: 'info',
      message: 'the server closes (FIN) connections that idle for 5 s',
      evidence: { firstEndedAfterMs: 5000, lastEndedAfterMs: 5010, outcome: 'closed', connections: 3, hintMs: 4000 },
      remedy: ['# let the sender give idle connections up first (client pool, upstream):', '# pool idle at most 4 s'],
    },
  ]);
});

test('a reset is told apart', () => {
  const [found] = rule.judge(facts({ http: http({ idleClose: { lowerMs: 5000, upperMs: null, outcome: 'reset' } }) }));
  expect(found?.message).toContain('resets (RST)');
});

test.each([
  ['nothing was closed', http({ idleClose: { lowerMs: 120_000, upperMs: null, outcome: 'alive' } })],
  ['nothing was measured', http({ idleClose: { lowerMs: null, upperMs: null, outcome: 'unmeasured' } })],
  ['nobody waited', http({ idleClose: null })],
  ['nobody asked', null],
])('there is none when %s', (_, known) => {
  expect(rule.judge(facts({ http: known }))).toEqual([]);
});
