import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/check/rules/keepalive-settings-refused.ts';
import type { RefusedSetting } from '../../../../src/report/values.ts';
import { settings } from '../../../keepalive/facts.ts';
import { facts } from '../facts.ts';

const idle: RefusedSetting = { option: 'TCP_KEEPIDLE', requested: 40_000, unit: 's', errno: 'EINVAL' };
const count: RefusedSetting = { option: 'TCP_KEEPCNT', requested: 200, unit: 'probes', errno: 'EINVAL' };
const remedy = [
  '# the kernel takes TCP_KEEPIDLE and TCP_KEEPINTVL from 1 to 32767 seconds and TCP_KEEPCNT from 1 to 127',
];

test('each refused setting is an error, beside what is in effect instead', () => {
  expect(rule.judge(facts({ refused: [idle, count], settings: settings({ idleMs: 7_200_000 }) }))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: { ...idle, effectiveIdleMs: 7_200_000, effectiveIntervalMs: 15_000, effectiveCount: 4 },
      remedy,
    },
    {
      severity: 'error',
      message: expect.any(String),
      evidence: { ...count, effectiveIdleMs: 7_200_000, effectiveIntervalMs: 15_000, effectiveCount: 4 },
      remedy,
    },
  ]);
});

test('claims nothing about what is in effect when that is not known', () => {
  expect(rule.judge(facts({ refused: [idle] }))).toMatchObject([{ evidence: idle }]);
  expect(Object.keys(rule.judge(facts({ refused: [idle] }))[0]?.evidence ?? {})).toEqual(Object.keys(idle));
});

test('says nothing when nothing was refused', () => {
  expect(rule.judge(facts({ settings: settings() }))).toEqual([]);
});
