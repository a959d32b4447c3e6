import { formatDuration } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { SysctlFacts } from '../facts.ts';

export const rule: Rule<SysctlFacts> = {
  id: 'local-conntrack-forgets-first',
  title:
    "This host's own connection tracking forgets before its keepalive refreshes it: a middlebox that nobody thinks of",
  explain: '',
  judge: ({ settings, localConntrackEstablishedMs }) => {
    if (settings === null || !settings.keepalive.enabled || localConntrackEstablishedMs === null) return [];
    const { idleMs } = settings.keepalive;
    if (idleMs < localConntrackEstablishedMs) return [];
    return [
      {
        severity: 'warning',
        message:
          `this namespace's own conntrack forgets an idle connection after ${formatDuration(localConntrackEstablishedMs)}, before the first keepalive probe ` +
          `at ${formatDuration(idleMs)}: with nf_conntrack_tcp_loose = 0 or NAT here, that ends the connection`,
        evidence: { idleMs, nfConntrackTcpTimeoutEstablishedMs: localConntrackEstablishedMs },
        remedy: ['sysctl -w net.netfilter.nf_conntrack_tcp_timeout_established=432000'],
      },
    ];
  },
};
