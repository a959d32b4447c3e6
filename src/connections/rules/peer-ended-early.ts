import { formatDuration } from '../../base/units.ts';
import type { Judgement, Rule, Severity } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'peer-ended-early',
  title: 'The connection ended by itself within the few seconds of the test',
  explain: `**What it means.** The connection was made, and was over before kaprobe closed it. A pool of such connections would be useless.

**Why it happens.** A proxy accepts first and closes when its backend is down. A full server closes at once. Servers with a short login
timeout, or of another protocol, end a silent client. A middlebox that inspects content may send a RST.

**How kaprobe knows.** It saw the FIN or the RST on its own socket. A RST carries the peer's address whoever sent it. kaprobe sent
nothing but keepalive probes without payload, after a TLS handshake where the scheme has one.

**What to do.** Look into the server's log for that moment. Check that the scheme is right: \`tls://\` for a port that expects TLS.

**Sources.** RFC 9293, sections 3.5.2 and 3.6 (RST, FIN).`,
  judge: ({ ended }) => {
    if (ended === null) return [];
    const { kind, afterMs } = ended;
    const after = `${formatDuration(afterMs)} after it was made`;
    const judged = (severity: Severity, message: string, endedBy: string): Judgement[] => [
      { severity, message, evidence: { endedBy, afterMs }, remedy: [] },
    ];
    switch (kind) {
      case 'reset':
        return judged(
          'error',
          `the connection was reset (RST) ${after}: the peer's process refuses it, or a middlebox rejects its segments`,
          'RST',
        );
      case 'failed':
        return judged('error', `the connection failed (${ended.error}) ${after}`, ended.error);
      case 'closed':
        return judged(
          'warning',
          `the peer closed the connection (FIN) ${after}: a proxy whose backend is down does this, ` +
            'so does a server that is full or expects another protocol',
          'FIN',
        );
      default:
        return ended satisfies never;
    }
  },
};
