import { expect, test } from 'vitest';
import type { Ping } from '../../../src/connections/observation.ts';
import { rule } from '../../../src/connections/rules/connection-timed-out.ts';
import { connection, facts } from '../facts.ts';

const timedOut = connection({ kind: 'timed-out', error: 'ETIMEDOUT', durationMs: 5000, rttMs: null });

test.each<[what: string, ping: Ping | null, kind: string | null, cause: string]>([
  [
    'an answer to ping proves the host',
    { kind: 'answered', rttMs: 2 },
    'answered',
    "the host answers ping, so it is up: a firewall drops packets to this port, or the listener's queue is full",
  ],
  [
    'no answer to ping leaves both open',
    { kind: 'unanswered', rttMs: null },
    'unanswered',
    'ping gets no answer either: the host is down or its address wrong, or a firewall drops everything',
  ],
  [
    'a ping that could not be sent proves nothing',
    { kind: 'unmeasured', reason: 'no ping program', rttMs: null },
    'unmeasured',
    'usually a firewall that drops without a word, a host that is down, or a wrong address',
  ],
  [
    'without ping nothing is claimed about the host',
    null,
    null,
    'usually a firewall that drops without a word, a host that is down, or a wrong address',
  ],
])('%s', (_, ping, kind, cause) => {
  expect(rule.judge(facts({ connection: timedOut, ping }))).toEqual([
    {
      severity: 'error',
      message: expect.stringContaining(cause),
      evidence: { address: '10.0.0.5', port: 5432, error: 'ETIMEDOUT', durationMs: 5000, ping: kind },
      remedy: [],
    },
  ]);
});

test.each(['connected', 'unresolved', 'refused', 'unreachable', 'unmeasured'] as const)(
  'says nothing when %s',
  (kind) => {
    expect(rule.judge(facts({ connection: connection({ kind }) }))).toEqual([]);
  },
);

test('says nothing when no connection was asked for', () => {
  expect(rule.judge(facts({ ping: { kind: 'unanswered', rttMs: null } }))).toEqual([]);
});
