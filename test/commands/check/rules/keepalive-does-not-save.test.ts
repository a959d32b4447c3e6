import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/check/rules/keepalive-does-not-save.ts';
import type { SurvivalArm, SurvivalCause } from '../../../../src/connections/observation.ts';
import { arm, survival } from '../../../connections/facts.ts';
import { settings, socketLines } from '../../../keepalive/facts.ts';
import { facts } from '../facts.ts';

const lost = arm({ arm: 'keepalive', outcome: 'stalled', error: 'ETIMEDOUT' });

test('keepalive that was too slow to be tried is an error that says so, with faster lines', () => {
  const known = facts({
    survival: survival({ arms: [lost] }),
    settings: settings({ idleMs: 7_200_000 }),
    librarySwitches: ['# libpq'],
  });
  expect(rule.judge(known)).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: { outcome: 'stalled', keepaliveIdleMs: 7_200_000, askedForMs: 600_000, error: 'ETIMEDOUT' },
      remedy: [...socketLines(100, 15, 4, 160_000), '# libpq'],
    },
  ]);
});

test.each([
  [599_000, 'the path forgets it sooner, or does not count segments without payload'],
  [600_000, 'its first probe was not due within the 10 m'],
])('a first probe after %d ms of 600000: %s', (idleMs, why) => {
  const known = facts({ survival: survival({ arms: [lost] }), settings: settings({ idleMs }) });
  expect(rule.judge(known)).toMatchObject([{ message: expect.stringContaining(why) }]);
});

test('where no keepalive can be fast enough the application must speak', () => {
  const known = facts({
    survival: survival({ askedForMs: 20_000, arms: [lost] }),
    settings: settings({ idleMs: 5000 }),
  });
  expect(rule.judge(known)).toMatchObject([{ remedy: ['# send an application heartbeat'] }]);
});

test.each<[what: string, cause: SurvivalCause, arms: SurvivalArm[], known: ReturnType<typeof settings> | null]>([
  ['it does', 'middlebox', [{ ...lost, outcome: 'alive' }], settings()],
  ['that was not measured', 'middlebox', [{ ...lost, outcome: 'unmeasured' }], settings()],
  ['there was no such connection', 'middlebox', [arm({ outcome: 'stalled' })], settings()],
  ['the settings are not known', 'middlebox', [lost], null],
  ['the peer did it', 'peer', [lost], settings()],
  ['the host is down', 'host-down', [lost], settings()],
  ['the cause is not known', 'unknown', [lost], settings()],
])('says nothing when %s', (_, cause, arms, known) => {
  expect(rule.judge(facts({ survival: survival({ cause, arms }), settings: known }))).toEqual([]);
});

test('says nothing when nothing idled', () => {
  expect(rule.judge(facts({ settings: settings() }))).toEqual([]);
});
