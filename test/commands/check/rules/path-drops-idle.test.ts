import { describe, expect, test } from 'vitest';
import { between, idleTimeoutBracket } from '../../../../src/commands/check/path-timeout.ts';
import { rule } from '../../../../src/commands/check/rules/path-drops-idle.ts';
import type { SurvivalArm, SurvivalCause } from '../../../../src/connections/observation.ts';
import { arm, survival } from '../../../connections/facts.ts';
import { namespaceLines, settings, socketLines } from '../../../keepalive/facts.ts';
import { facts } from '../facts.ts';

const stalled = arm({ outcome: 'stalled', probeCount: 14 });
const saved = arm({ arm: 'keepalive', idledForMs: 60_000 });
const librarySwitches = ['# libpq', 'keepalives=1'];

/** What was asked for and has just been shown to work is what is proposed. */
const PROVEN = [...socketLines(60, 15, 4, 0), ...librarySwitches, ...namespaceLines(60, 15, 4)];

test('a silent connection that stalls while a new one works is an error, with the bracket and the lines', () => {
  const known = facts({ survival: survival({ arms: [stalled, saved] }), settings: settings(), librarySwitches });
  expect(rule.judge(known)).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: {
        outcome: 'stalled',
        idledForMs: 600_000,
        probeCount: 14,
        freshConnect: 'connected',
        heldAfterMs: 60_000,
        lostAfterMs: 600_000,
        falseStallProbability: '6.0e-7 at 20 % loss each way',
      },
      remedy: PROVEN,
    },
  ]);
});

test('an ICMP error for the silent connection counts as well', () => {
  expect(rule.judge(facts({ survival: survival({ arms: [arm({ outcome: 'unreachable' })] }) }))).toHaveLength(1);
});

test('without a surviving arm the lines aim at half of the time that was too long', () => {
  expect(rule.judge(facts({ survival: survival({ arms: [stalled] }) }))).toMatchObject([
    { evidence: { heldAfterMs: null }, remedy: [...socketLines(100, 15, 4, 160_000), ...namespaceLines(100, 15, 4)] },
  ]);
});

test('a timeout too short for any keepalive gets no lines', () => {
  const arms = [{ ...stalled, idledForMs: 20_000 }];
  expect(rule.judge(facts({ survival: survival({ askedForMs: 20_000, arms }) }))).toMatchObject([{ remedy: [] }]);
});

test.each<[what: string, cause: SurvivalCause, arms: SurvivalArm[]]>([
  ['the silent one lives', 'middlebox', [arm(), arm({ arm: 'keepalive', outcome: 'stalled' })]],
  ['the silent one was reset', 'middlebox', [arm({ outcome: 'reset' })]],
  ['the silent one was closed', 'middlebox', [arm({ outcome: 'closed' })]],
  ['the silent one was not measured', 'middlebox', [arm({ outcome: 'unmeasured' })]],
  ['there was no silent one', 'middlebox', [arm({ arm: 'keepalive', outcome: 'stalled' })]],
  ['the host is down', 'host-down', [stalled]],
  ['the peer did it', 'peer', [stalled]],
  ['the cause is not known', 'unknown', [stalled]],
])('says nothing when %s', (_, cause, arms) => {
  expect(rule.judge(facts({ survival: survival({ cause, arms }) }))).toEqual([]);
});

test('says nothing when nothing idled', () => {
  expect(rule.judge(facts({}))).toEqual([]);
});

describe('the bracket of the idle timeout', () => {
  test.each<[what: string, arms: SurvivalArm[], keepaliveIdleMs: number | null, heldMs: number | null]>([
    ['has a lower end when keepalive saved its connection', [stalled, saved], 60_000, 60_000],
    ['has none when that connection died too', [stalled, { ...saved, outcome: 'stalled' }], 60_000, null],
    ['has none when that connection was not measured', [stalled, { ...saved, outcome: 'unmeasured' }], 60_000, null],
    ['has none when keepalive was not due before the end', [stalled, saved], 600_000, null],
    ['has none when there was no such connection', [stalled], 60_000, null],
    ['has none when the settings are not known', [stalled, saved], null, null],
  ])('%s', (_, arms, idleMs, heldMs) => {
    const known = idleMs === null ? null : settings({ idleMs });
    expect(idleTimeoutBracket(survival({ arms }), known)).toEqual({ heldMs, lostMs: 600_000 });
  });

  test.each([
    [null, 600_000, 'within 10 m'],
    [60_000, 600_000, 'after more than 1 m and at most 10 m'],
  ])('from %s to %d ms reads "%s"', (heldMs, lostMs, words) => {
    expect(between(heldMs, lostMs)).toBe(words);
  });
});
