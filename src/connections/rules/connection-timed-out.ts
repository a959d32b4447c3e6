import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'connection-timed-out',
  title: 'Nothing answers the connection request within the time allowed',
  explain: `**What it means.** The SYN got neither an answer nor an error. To a program it looks like a connect() that hangs.

**Why it happens.** A firewall drops the packets silently, the host is down, or the address is wrong. A listener whose queue is full
also drops SYNs, and then some attempts succeed.

**How kaprobe knows.** No answer came within \`--timeout\`. The kernel sends a lost SYN again after 1 s at the earliest, so a short
timeout on a lossy path looks the same. Ping is a hint only: many hosts and filters ignore ICMP.

**What to do.** Compare with a port that works on the same host. Ask for the firewall's log, or capture at the host: does the SYN
arrive?

**Sources.** tcp(7), tcp_syn_retries. listen(2) (the queue). RFC 6298, section 2 (first timeout of 1 s).`,
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
