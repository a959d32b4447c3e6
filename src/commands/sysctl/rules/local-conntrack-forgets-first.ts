import { formatDuration } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { SysctlFacts } from '../facts.ts';

export const rule: Rule<SysctlFacts> = {
  id: 'local-conntrack-forgets-first',
  title: "This host's own connection tracking forgets before the first keepalive probe",
  explain: `**What it means.** The firewall of this host is a middlebox too. Its entry for an idle connection ends before a probe refreshes it. With
NAT here, or with nf_conntrack_tcp_loose = 0, that ends the connection.

**Why it happens.** Somebody lowered nf_conntrack_tcp_timeout_established from its default of five days, to save memory. Container hosts
and gateways often do.

**How kaprobe knows.** It read both sysctls in this network namespace. It did not look whether rules here use NAT or connection states.
Without them a forgotten connection is picked up again with its next packet, as long as nf_conntrack_tcp_loose is 1.

**What to do.** Raise the timeout, or lower tcp_keepalive_time below it.

**Sources.** Linux Documentation/networking/nf_conntrack-sysctl.rst. Linux net/netfilter/nf_conntrack_proto_tcp.c.`,
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
