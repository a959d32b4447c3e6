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
  title: 'A router, or this host itself, says that the address cannot be reached',
  explain: '',
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
