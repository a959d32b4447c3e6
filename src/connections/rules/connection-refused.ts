import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'connection-refused',
  title:
    'A RST answered the SYN; or it came after the handshake and before that was seen here, which is ECONNRESET (tcp_reset in net/ipv4/tcp_input.c)',
  explain: '',
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
