import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'connection-refused',
  title: 'The host, or a firewall in its name, refuses the connection with a RST',
  explain: `**What it means.** Something answered at once, and the answer was no. The address is reachable and the path works in both directions.

**Why it happens.** Nothing listens on that port, or it listens on another address such as 127.0.0.1. A firewall that rejects with a RST
looks the same. ECONNRESET means that the RST came just after the handshake, before kaprobe saw the connection.

**How kaprobe knows.** connect() failed with ECONNREFUSED or ECONNRESET. A RST carries the host's address whoever sent it, so a firewall
cannot be told from the host.

**What to do.** On the host, \`ss -ltn\` shows what listens, and on which address. If it listens, look for a firewall rule that rejects.

**Sources.** RFC 9293, section 3.10.7. connect(2). Linux net/ipv4/tcp_input.c (tcp_reset). iptables-extensions(8), REJECT.`,
  judge: ({ connection }) => {
    if (connection?.kind !== 'refused') return [];
    const { address, port, error, durationMs } = connection;
    if (error === 'ECONNRESET')
      return [
        {
          severity: 'error',
          message:
            "the connection was reset (RST) as soon as it was made: the peer's process refuses it, or a middlebox rejects its segments",
          evidence: { address, port, error, durationMs },
          remedy: [],
        },
      ];
    return [
      {
        severity: 'error',
        message:
          'the connection was refused: the host answers, but nothing listens on that port there, or a firewall rejects with RST',
        evidence: { address, port, error, durationMs },
        remedy: ['# on that host, does it listen, and on this address?', `ss -ltn "sport = :${port}"`],
      },
    ];
  },
};
