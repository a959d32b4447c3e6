import type { Rule } from '../../../report/finding.ts';
import type { SysctlFacts } from '../facts.ts';

export const rule: Rule<SysctlFacts> = {
  id: 'time-wait-recycled',
  title:
    'tcp_tw_recycle is on: the kernel then expects rising timestamps of an address and not of a connection, and drops SYNs from hosts that share one. Linux 4.12 removed it for that reason',
  explain: '',
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
