import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/check/rules/path-resets-idle.ts';
import type { SurvivalArm, SurvivalCause } from '../../../../src/connections/observation.ts';
import { arm, survival } from '../../../connections/facts.ts';
import { namespaceLines, settings, socketLines } from '../../../keepalive/facts.ts';
import { facts } from '../facts.ts';

const reset = arm({ outcome: 'reset', error: 'ECONNRESET' });
const saved = arm({ arm: 'keepalive', idledForMs: 60_000 });

test('a silent connection that is reset at its next packet is an error, with the bracket and the lines', () => {
  const known = facts({
    survival: survival({ arms: [reset, saved] }),
    settings: settings(),
    librarySwitches: ['# libpq'],
  });
  expect(rule.judge(known)).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: {
        outcome: 'reset',
        idledForMs: 600_000,
        freshConnect: 'connected',
        heldAfterMs: 60_000,
        lostAfterMs: 600_000,
      },
      remedy: [...socketLines(60, 15, 4, 0), '# libpq', ...namespaceLines(60, 15, 4)],
    },
  ]);
});

test.each<[what: string, silent: SurvivalArm, how: string]>([
  ['a RST by itself', { ...reset, unprovoked: true }, 'a connection idle for 10 m is reset (RST) by itself: '],
  ['a FIN', { ...reset, outcome: 'closed', unprovoked: true }, 'a connection idle for 10 m is closed (FIN): '],
])('%s is told apart', (_, silent, how) => {
  const [judgement] = rule.judge(facts({ survival: survival({ arms: [silent, saved] }), settings: settings() }));
  expect(judgement?.message.startsWith(how)).toBe(true);
});

test.each<[what: string, cause: SurvivalCause, arms: SurvivalArm[]]>([
  ['the silent one lives', 'middlebox', [arm(), { ...saved, outcome: 'reset' }]],
  ['the silent one stalled', 'middlebox', [arm({ outcome: 'stalled' })]],
  ['the silent one was not measured', 'middlebox', [arm({ outcome: 'unmeasured' })]],
  ['there was no silent one', 'middlebox', [{ ...saved, outcome: 'reset' }]],
  ['the peer did it', 'peer', [reset]],
  ['the cause is not known', 'unknown', [reset]],
])('says nothing when %s', (_, cause, arms) => {
  expect(rule.judge(facts({ survival: survival({ cause, arms }) }))).toEqual([]);
});

test('says nothing when nothing idled', () => {
  expect(rule.judge(facts({}))).toEqual([]);
});
