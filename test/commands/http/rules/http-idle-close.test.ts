import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/http/rules/http-idle-close.ts';
import { httpServer } from '../../../helpers/http-server.ts';

test('the close is told, with what to stay below', () => {
  expect(rule.judge(httpServer({ hint: { timeoutMs: 4000, max: null } }))).toEqual([
    {
      severity: 'info',
      message: expect.any(String),
      evidence: { firstEndedAfterMs: 5000, lastEndedAfterMs: 5010, outcome: 'closed', connections: 3, hintMs: 4000 },
      remedy: ['# let the sender give idle connections up first (client pool, upstream):', '# pool idle at most 4 s'],
    },
  ]);
});

test('a reset is told apart', () => {
  const [found] = rule.judge(httpServer({ idleClose: { lowerMs: 5000, upperMs: null, outcome: 'reset' } }));
  expect(found?.message).toContain('resets (RST)');
});

test.each([
  ['nothing was closed', httpServer({ idleClose: { lowerMs: 120_000, upperMs: null, outcome: 'alive' } })],
  ['nothing was measured', httpServer({ idleClose: { lowerMs: null, upperMs: null, outcome: 'unmeasured' } })],
  ['nobody waited', httpServer({ idleClose: null })],
])('there is none when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
