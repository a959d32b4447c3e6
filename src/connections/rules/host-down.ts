import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'host-down',
  title: 'The host went away while the connections idled',
  explain: `**What it means.** The idle connections fell silent, and nothing else reaches the host either. No middlebox is to blame for the silence.

**Why it happens.** The host was switched off, lost its network, or moved to another address. A path that broke altogether looks the
same.

**How kaprobe knows.** Probes on the idle connections stay unanswered. New connections to the same address time out or meet an ICMP
error, and ping gets no answer. A firewall that began to block this host meanwhile would look the same.

**What to do.** Bring the host back and repeat the test. It says nothing yet about the path's idle timeout. With keepalive on, programs
notice such an end: see dead-peer-noticed-after.

**Sources.** RFC 9293, section 3.8.4. tcp(7).`,
  judge: ({ survival }) => {
    if (survival?.cause !== 'host-down') return [];
    return [
      {
        severity: 'error',
        message:
          'the host went away while the connections idled: they are silent, and neither a new connection nor ping gets an answer now',
        evidence: {
          freshConnect: survival.freshConnect,
          outcomes: survival.arms.map(({ arm, outcome }) => `${arm} ${outcome}`),
        },
        remedy: [],
      },
    ];
  },
};
