import type { Rule } from '../facts.ts';

/** A RST answered the SYN. */
export const connectionRefused: Rule = ({ connection }) => {
  if (connection?.kind !== 'refused') return [];
  const { address, port, error, durationMs } = connection;
  return [
    {
      severity: 'error',
      message:
        'the connection was refused: the host answers, but nothing listens on that port there, or a firewall rejects with RST',
      evidence: { address, port, error, durationMs },
      remedy: ['# on that host, does it listen, and on this address?', `ss -ltn "sport = :${port}"`],
    },
  ];
};
