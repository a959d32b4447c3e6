import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'time-wait-table-full',
  title:
    'The table of TIME_WAIT is full: connections then close without it, and a late segment of one may reach its successor on the same port',
  explain: '',
  judge: ({ timeWaitTable: table }) => {
    if (table === null || table.limit === null || table.count < table.limit) return [];
    const { count, limit, overflows } = table;
    return [
      {
        severity: 'warning',
        message: `the table of TIME_WAIT is full, at ${limit} (net.ipv4.tcp_max_tw_buckets): connections that this host closes now skip TIME_WAIT, and every rate here is a lower bound`,
        evidence: { timeWaitCount: count, tcpMaxTwBuckets: limit, skippedSinceStart: overflows },
        remedy: [
          '# reuse connections first; where that cannot be, each entry costs about 250 bytes:',
          `sysctl -w net.ipv4.tcp_max_tw_buckets=${2 * limit}`,
        ],
      },
    ];
  },
};
