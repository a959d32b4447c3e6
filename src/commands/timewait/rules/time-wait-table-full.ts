import type { Rule } from '../../../report/finding.ts';
import type { TimeWaitFacts } from '../facts.ts';

export const rule: Rule<TimeWaitFacts> = {
  id: 'time-wait-table-full',
  title: 'The table of TIME_WAIT is full: connections close without it',
  explain: `**What it means.** The kernel has as many connections in TIME_WAIT as net.ipv4.tcp_max_tw_buckets allows. What this host closes now skips
TIME_WAIT. A late segment of such a connection can then reach its successor on the same ports.

**Why it happens.** Connections are closed here faster than their entries expire. An entry lasts 60 s, so the limit divided by 60 is the
rate that the table has room for.

**How kaprobe knows.** It counts sockets in TIME_WAIT, and those in FIN-WAIT-2 that no process holds any more, because both count against
the limit. It compares that with the limit of the same network namespace. TCPTimeWaitOverflow says how many connections skipped TIME_WAIT
since the namespace was made. A table just below its limit between two bursts is not reported. All rates are lower bounds here: what
skipped TIME_WAIT left no trace.

**What to do.** Reuse connections, so that fewer are closed. Where you cannot, raise the limit; an entry costs about 250 bytes.

**Sources.** RFC 9293, section 3.6. RFC 1337. ip-sysctl.rst of Linux (tcp_max_tw_buckets). Linux
net/ipv4/tcp_minisocks.c (tcp_time_wait).`,
  judge: ({ table }) => {
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
