import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

const USUAL_CAUSE: Record<string, string> = {
  ENETUNREACH: 'this host has no route to that network',
  EHOSTUNREACH:
    'a router reports that the host cannot be reached or that a filter forbids it, or nobody answers ARP or neighbour discovery',
  EPERM: "this host's own firewall forbids the packet",
  EACCES: "this host's own policy forbids the packet, or the route to that address is set to prohibit",
  EADDRNOTAVAIL: 'this host has no address of that family to send from',
  EINVAL: 'the address cannot be sent to, as a link-local address without its zone (fe80::1%eth0)',
};

export const rule: Rule<EndpointFacts> = {
  id: 'address-unreachable',
  title: 'The address is unreachable: there is no route to it, or a router rejects it',
  explain: `**What it means.** No packet gets to the host. The kernel refused to send one, or a router answered with an ICMP error.

**Why it happens.** The usual causes: no route on this host, a rule of its own firewall, a filter on the way that rejects in words, or a
host that does not answer ARP or neighbour discovery.

**How kaprobe knows.** connect() failed with the errno shown. EPERM and EACCES come from this host. EHOSTUNREACH may come from here or
from a router: the errno does not tell them apart. The answer of ping is context, since filters treat ICMP in other ways.

**What to do.** \`ip route get ADDRESS\` shows the way that a packet would take. For EPERM look at this host's own firewall rules.

**Sources.** connect(2). ip(7). RFC 1122, section 3.2.2.1 (ICMP unreachable). RFC 4443, section 3.1 (ICMPv6).`,
  judge: ({ connection, ping }) => {
    if (connection?.kind !== 'unreachable') return [];
    const { address, port, error, durationMs } = connection;
    const cause = USUAL_CAUSE[error ?? ''] ?? 'a router on the way, or this host, says so';
    return [
      {
        severity: 'error',
        message: `the address is unreachable (${error ?? 'unknown error'}): ${cause}`,
        evidence: { address, port, error, durationMs, ping: ping?.kind ?? null },
        remedy: address === null ? [] : ['# which way would it go?', `ip route get ${address.replace('%', ' dev ')}`],
      },
    ];
  },
};
