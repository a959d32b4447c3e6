import { expect, test } from 'vitest';
import { timeWaitRecycled } from '../../../src/policy/rules/time-wait-recycled.ts';
import { facts } from '../facts.ts';

test('tcp_tw_recycle that is on is a warning, with the line that switches it off', () => {
  expect(timeWaitRecycled(facts({ tcpTwRecycle: true }))).toEqual([
    {
      severity: 'warning',
      message:
        'net.ipv4.tcp_tw_recycle is on: this kernel silently drops new connections from clients that share an address behind a NAT or load balancer',
      evidence: { tcpTwRecycle: true },
      remedy: ['sysctl -w net.ipv4.tcp_tw_recycle=0'],
    },
  ]);
});

test.each([
  ['it is off', false],
  ['this kernel has none', null],
])('says nothing when %s', (_, tcpTwRecycle) => {
  expect(timeWaitRecycled(facts({ tcpTwRecycle }))).toEqual([]);
});
