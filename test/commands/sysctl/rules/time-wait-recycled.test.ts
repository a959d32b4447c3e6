import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/sysctl/rules/time-wait-recycled.ts';
import { facts } from '../facts.ts';

test('tcp_tw_recycle that is on is a warning, with the line that switches it off', () => {
  expect(rule.judge(facts({ tcpTwRecycle: true }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: { tcpTwRecycle: true },
      remedy: ['sysctl -w net.ipv4.tcp_tw_recycle=0'],
    },
  ]);
});

test.each([
  ['it is off', false],
  ['this kernel has none', null],
])('says nothing when %s', (_, tcpTwRecycle) => {
  expect(rule.judge(facts({ tcpTwRecycle }))).toEqual([]);
});
