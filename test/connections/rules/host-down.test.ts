import { expect, test } from 'vitest';
import type { SurvivalCause } from '../../../src/connections/observation.ts';
import { rule } from '../../../src/connections/rules/host-down.ts';
import { arm, facts, survival } from '../facts.ts';

test('a host that went away is an error that lists what became of each connection', () => {
  const arms = [arm({ outcome: 'stalled' }), arm({ arm: 'keepalive', outcome: 'stalled' })];
  expect(rule.judge(facts({ survival: survival({ cause: 'host-down', freshConnect: 'timed-out', arms }) }))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: { freshConnect: 'timed-out', outcomes: ['silent stalled', 'keepalive stalled'] },
      remedy: [],
    },
  ]);
});

test.each<SurvivalCause>(['none', 'middlebox', 'peer', 'unknown'])('says nothing when the cause is %s', (cause) => {
  expect(rule.judge(facts({ survival: survival({ cause, arms: [arm({ outcome: 'stalled' })] }) }))).toEqual([]);
});

test('says nothing when nothing idled', () => {
  expect(rule.judge(facts({}))).toEqual([]);
});
