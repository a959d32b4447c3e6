import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/check/rules/keepalive-probes-unanswered.ts';
import type { ConnectKind } from '../../../../src/connections/observation.ts';
import { unmeasured } from '../../../../src/report/values.ts';
import { facts } from '../facts.ts';

const unanswered = (freshConnect: ConnectKind | null) =>
  facts({ answer: { kind: 'unanswered', afterMs: 5060, probeCount: 5, freshConnect } });

test('when a new connection works the path or the peer is named, with the lines to look further', () => {
  expect(rule.judge(unanswered('connected'))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: { probeCount: 5, afterMs: 5060, freshConnect: 'connected' },
      remedy: [
        '# keep the path open with application heartbeats, and look at what sits between:',
        'tcpdump -ni any "tcp and tcp[tcpflags] == tcp-ack"',
      ],
    },
  ]);
});

test.each(['refused', 'timed-out', 'unreachable'] as const)(
  'when a new connection is %s the host or path went away',
  (kind) => {
    expect(rule.judge(unanswered(kind))).toEqual([
      {
        severity: 'error',
        message: expect.any(String),
        evidence: { probeCount: 5, afterMs: 5060, freshConnect: kind },
        remedy: [],
      },
    ]);
  },
);

test.each([null, 'unmeasured'] as const)('when a new connection is %s nothing is concluded from it', (kind) => {
  expect(rule.judge(unanswered(kind))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: { probeCount: 5, afterMs: 5060, freshConnect: kind },
      remedy: [],
    },
  ]);
});

test.each([
  ['they were answered', { kind: 'answered', afterMs: 1, probeCount: 3 } as const],
  ['that was not measured', unmeasured('switched off by --no-probe')],
])('says nothing when %s', (_, answer) => {
  expect(rule.judge(facts({ answer }))).toEqual([]);
});
