import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'connection-timed-out',
  title: 'No answer to the SYN within the time allowed',
  explain: '',
  judge: ({ connection, ping }) => {
    if (connection?.kind !== 'timed-out') return [];
    const { address, port, error, durationMs } = connection;
    const cause =
      ping?.kind === 'answered'
        ? "the host answers ping, so it is up: a firewall drops packets to this port, or the listener's queue is full"
        : ping?.kind === 'unanswered'
          ? 'ping gets no answer either: the host is down or its address wrong, or a firewall drops everything'
          : 'usually a firewall that drops without a word, a host that is down, or a wrong address';
    return [
      {
        severity: 'error',
        message: `no answer to the connection request: ${cause}`,
        evidence: { address, port, error, durationMs, ping: ping?.kind ?? null },
        remedy: [],
      },
    ];
  },
};
