import { expect, test } from 'vitest';
import type { EarlyEnd } from '../../../src/connections/observation.ts';
import { rule } from '../../../src/connections/rules/peer-ended-early.ts';
import { facts } from '../facts.ts';

test.each<[ended: EarlyEnd, severity: string, endedBy: string]>([
  [{ kind: 'reset', afterMs: 12.4 }, 'error', 'RST'],
  [{ kind: 'closed', afterMs: 1500 }, 'warning', 'FIN'],
  [{ kind: 'failed', afterMs: 1500, error: 'ETIMEDOUT' }, 'error', 'ETIMEDOUT'],
])('%j is reported with how and when', (ended, severity, endedBy) => {
  expect(rule.judge(facts({ ended }))).toEqual([
    { severity, message: expect.any(String), evidence: { endedBy, afterMs: ended?.afterMs }, remedy: [] },
  ]);
});

test('says nothing about a connection that lives', () => {
  expect(rule.judge(facts({ ended: null }))).toEqual([]);
});
