import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/sysctl/rules/local-conntrack-forgets-first.ts';
import { settings } from '../../../keepalive/facts.ts';
import { facts } from '../facts.ts';

const slow = settings({ idleMs: 7_200_000 });

test('a conntrack that forgets before the first probe is a warning, with the line that raises it', () => {
  expect(rule.judge(facts({ settings: slow, localConntrackEstablishedMs: 3_600_000 }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: { idleMs: 7_200_000, nfConntrackTcpTimeoutEstablishedMs: 3_600_000 },
      remedy: ['sysctl -w net.netfilter.nf_conntrack_tcp_timeout_established=432000'],
    },
  ]);
});

test.each([
  [7_200_001, 0],
  [7_200_000, 1],
])('the limit: a conntrack timeout of %d ms gives %d findings', (localConntrackEstablishedMs, count) => {
  expect(rule.judge(facts({ settings: slow, localConntrackEstablishedMs }))).toHaveLength(count);
});

test.each([
  ['keepalive is off', settings({ enabled: false, idleMs: 7_200_000 }), 3_600_000],
  ['the settings are not known', null, 3_600_000],
  ['there is no conntrack here', slow, null],
])('says nothing when %s', (_, known, localConntrackEstablishedMs) => {
  expect(rule.judge(facts({ settings: known, localConntrackEstablishedMs }))).toEqual([]);
});
