import type { Rule } from '../../../report/finding.ts';
import type { SysctlFacts } from '../facts.ts';

export const rule: Rule<SysctlFacts> = {
  id: 'time-wait-recycled',
  title: 'tcp_tw_recycle is on and drops clients that share an address',
  explain: `**What it means.** This kernel silently drops some new connections. Clients behind one NAT or load balancer see connect() hang at
random.

**Why it happens.** The option makes the kernel expect rising TCP timestamps from an address, not from a connection. Hosts behind a NAT
share the address and have different clocks. Old tuning guides recommend the option against TIME_WAIT.

**How kaprobe knows.** net.ipv4.tcp_tw_recycle reads as other than 0. Linux 4.12 removed it, so this kernel is older.

**What to do.** Set it to 0, and delete the line from /etc/sysctl.conf. For many outgoing connections, tcp_tw_reuse = 1 is safer.

**Sources.** Linux commit 4396e46187ca (tcp: remove tcp_tw_recycle). tcp(7). RFC 6191 (what reuse of TIME_WAIT needs).`,
  judge: ({ tcpTwRecycle }) =>
    tcpTwRecycle === true
      ? [
          {
            severity: 'warning',
            message:
              'net.ipv4.tcp_tw_recycle is on: this kernel silently drops new connections from clients that share an address behind a NAT or load balancer',
            evidence: { tcpTwRecycle },
            remedy: ['sysctl -w net.ipv4.tcp_tw_recycle=0'],
          },
        ]
      : [],
};
