import { expect, test } from 'vitest';
import type { EarlyEnd } from '../../../src/connections/observation.ts';
import { rule } from '../../../src/connections/rules/peer-ended-early.ts';
import { facts } from '../facts.ts';

test.each<[ended: EarlyEnd, severity: string, message: string, endedBy: string]>([
  [
    { kind: 'reset', afterMs: 12.4 },
    'error',
    "the connection was reset (RST) 12 ms after it was made: the peer's process refuses it, or a middlebox rejects its segments",
    'RST',
  ],
  [
    { kind: 'closed', afterMs: 1500 },
    'warning',
    'the peer closed the connection (FIN) 1.5 s after it was made: a proxy whose backend is down does this, so does a server that is full or expects another protocol',
    'FIN',
  ],
  [
    { kind: 'failed', afterMs: 1500, error: 'ETIMEDOUT' },
    'error',
    'the connection failed (ETIMEDOUT) 1.5 s after it was made',
    'ETIMEDOUT',
  ],
])('%j is reported with how and when', (ended, severity, message, endedBy) => {
  expect(rule.judge(facts({ ended }))).toEqual([
    { severity, message, evidence: { endedBy, afterMs: ended?.afterMs }, remedy: [] },
  ]);
});

test('says nothing about a connection that lives', () => {
  expect(rule.judge(facts({ ended: null }))).toEqual([]);
});
