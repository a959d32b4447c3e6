import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/check/rules/keepalive-saves.ts';
import type { SurvivalArm, SurvivalCause } from '../../../../src/connections/observation.ts';
import { arm, survival } from '../../../connections/facts.ts';
import { settings } from '../../../keepalive/facts.ts';
import { facts } from '../facts.ts';

const stalled = arm({ outcome: 'stalled' });
const saved = arm({ arm: 'keepalive' });

test.each(['stalled', 'reset', 'closed', 'unreachable'] as const)(
  'keepalive that lives where silence is %s is told',
  (outcome) => {
    const known = facts({ survival: survival({ arms: [{ ...stalled, outcome }, saved] }), settings: settings() });
    expect(rule.judge(known)).toEqual([
      {
        severity: 'info',
        message: expect.any(String),
        evidence: { keepaliveIdleMs: 60_000, askedForMs: 600_000, silent: outcome, keepalive: 'alive' },
        remedy: [],
      },
    ]);
  },
);

test.each<[what: string, cause: SurvivalCause, arms: SurvivalArm[], known: ReturnType<typeof settings> | null]>([
  ['the silent one lives too', 'none', [arm(), saved], settings()],
  ['the silent one lives, though another died', 'middlebox', [arm(), saved], settings()],
  ['the silent one was not measured', 'middlebox', [{ ...stalled, outcome: 'unmeasured' }, saved], settings()],
  ['there was no silent one', 'middlebox', [saved], settings()],
  ['it does not', 'middlebox', [stalled, { ...saved, outcome: 'reset' }], settings()],
  ['it was not measured', 'middlebox', [stalled, { ...saved, outcome: 'unmeasured' }], settings()],
  ['the peer did it', 'peer', [stalled, saved], settings()],
  ['the settings are not known', 'middlebox', [stalled, saved], null],
])('says nothing when %s', (_, cause, arms, known) => {
  expect(rule.judge(facts({ survival: survival({ cause, arms }), settings: known }))).toEqual([]);
});

test('says nothing when nothing idled', () => {
  expect(rule.judge(facts({ settings: settings() }))).toEqual([]);
});
