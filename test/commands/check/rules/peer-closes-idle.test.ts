import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/check/rules/peer-closes-idle.ts';
import type { SurvivalCause } from '../../../../src/connections/observation.ts';
import { arm, survival } from '../../../connections/facts.ts';
import { facts } from '../facts.ts';

const closed = arm({ outcome: 'closed', atMs: 65_000, unprovoked: true });
const closedLater = arm({ arm: 'keepalive', outcome: 'closed', atMs: 65_200, unprovoked: true });

test('a peer that closes is an error that names the earliest end and the pool idle below it', () => {
  expect(rule.judge(facts({ survival: survival({ cause: 'peer', arms: [closedLater, closed] }) }))).toEqual([
    {
      severity: 'error',
      message: expect.stringMatching(
        /^the peer itself closed \(FIN\) the connection 1 m 5 s after it was made, before the 10 m asked for: /,
      ),
      evidence: { endedArms: ['keepalive', 'silent'], firstEndedAfterMs: 65_000, askedForMs: 600_000 },
      remedy: expect.arrayContaining(['# pool idle below 1 m 5 s']),
    },
  ]);
});

test('one that resets is told apart', () => {
  const arms = [closed, { ...closedLater, outcome: 'reset' as const }];
  expect(rule.judge(facts({ survival: survival({ cause: 'peer', arms }) }))).toMatchObject([
    { message: expect.stringContaining('the peer itself reset (RST) the connection 1 m 5 s') },
  ]);
});

test('an arm that lives is not among the ended', () => {
  const arms = [closed, arm({ arm: 'application' })];
  expect(rule.judge(facts({ survival: survival({ cause: 'peer', arms }) }))).toMatchObject([
    { evidence: { endedArms: ['silent'] } },
  ]);
});

test.each<SurvivalCause>(['none', 'middlebox', 'host-down', 'unknown'])(
  'says nothing when the cause is %s',
  (cause) => {
    expect(rule.judge(facts({ survival: survival({ cause, arms: [closed] }) }))).toEqual([]);
  },
);

test('says nothing when nothing idled', () => {
  expect(rule.judge(facts({}))).toEqual([]);
});
