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
      message:
        '5 keepalive probes in 5.1 s got no answer, yet a new connection to the same address works: something on the path or the peer drops ' +
        'empty segments, or the connection was forgotten at once. With TCP keepalive on, this connection would be ended as dead',
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
        message: `5 keepalive probes in 5.1 s got no answer, and a new connection fails too (${kind}): the host or the path went away meanwhile`,
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
      message: '5 keepalive probes in 5.1 s got no answer, and what a new connection comes to was not measured',
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
