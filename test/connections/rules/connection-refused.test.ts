import { expect, test } from 'vitest';
import { rule } from '../../../src/connections/rules/connection-refused.ts';
import { connection, facts } from '../facts.ts';

test('a refused connection is an error, with the line that shows what listens', () => {
  const refused = connection({ kind: 'refused', error: 'ECONNREFUSED', rttMs: null });
  expect(rule.judge(facts({ connection: refused }))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: { address: '10.0.0.5', port: 5432, error: 'ECONNREFUSED', durationMs: 3 },
      remedy: ['# on that host, does it listen, and on this address?', 'ss -ltn "sport = :5432"'],
    },
  ]);
});

test('one that was made and reset before that was seen is no refusal: something listens there', () => {
  const reset = connection({ kind: 'refused', error: 'ECONNRESET', rttMs: null });
  expect(rule.judge(facts({ connection: reset }))).toMatchObject([
    { severity: 'error', message: expect.stringContaining('was reset (RST) as soon as it was made'), remedy: [] },
  ]);
});

test.each(['connected', 'unresolved', 'timed-out', 'unreachable', 'unmeasured'] as const)(
  'says nothing when %s',
  (kind) => {
    expect(rule.judge(facts({ connection: connection({ kind }) }))).toEqual([]);
  },
);

test('says nothing when no connection was asked for', () => {
  expect(rule.judge(facts({}))).toEqual([]);
});
