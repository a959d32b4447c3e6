import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/timewait/rules/time-wait-table-full.ts';

test('a full table is a warning that calls every rate a lower bound', () => {
  expect(rule.judge({ flow: null, table: { count: 8192, limit: 8192, overflows: 77 } })).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: { timeWaitCount: 8192, tcpMaxTwBuckets: 8192, skippedSinceStart: 77 },
      remedy: [
        '# reuse connections first; where that cannot be, each entry costs about 250 bytes:',
        'sysctl -w net.ipv4.tcp_max_tw_buckets=16384',
      ],
    },
  ]);
});

test.each([
  ['there is room', { count: 8191, limit: 8192, overflows: 77 }],
  ['its size is not known', { count: 8191, limit: null, overflows: null }],
  ['nobody asked', null],
])('says nothing when %s', (_, table) => {
  expect(rule.judge({ flow: null, table })).toEqual([]);
});
