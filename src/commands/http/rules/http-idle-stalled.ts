import { formatDuration } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { HttpFacts } from '../facts.ts';

export const rule: Rule<HttpFacts> = {
  id: 'http-idle-stalled',
  title: 'Idle connections are open but no longer answered',
  explain: `**What it means.** This host still holds the connection open, but nothing comes back from the far end.
A request on such a connection waits until a timeout of the client ends it. Without a timeout it waits indefinitely.

**Why it happens.** A firewall, a NAT or a load balancer has dropped its state for the idle connection. It then discards
the packets of both sides silently. A server that lost power or network looks the same.

**How kaprobe knows.** At the end of \`--max-idle\` it has the kernel send keepalive probes, one a second, without payload.
Five of them went unanswered. A living kernel answers them even if its program is busy, but a path that loses many packets may lose five.

**What to do.** Measure the timeout with \`kaprobe measure\`, and look for the hop with \`--locate\`. Then give idle connections up sooner,
or switch TCP keepalive on with a first probe well before that time. Give every request a timeout.

**Sources.** RFC 9293, section 3.8.4 (keepalive). RFC 5382, section 5 (idle timeouts of a NAT).`,
  rank: 3,
  judge: ({ idleClose, idleSamples }) => {
    if (idleClose === null) return [];
    const stalled = idleSamples.filter(({ outcome }) => outcome === 'stalled');
    if (stalled.length === 0) return [];
    const afterMs = Math.min(...stalled.map(({ idleMs }) => idleMs ?? Number.POSITIVE_INFINITY));
    return [
      {
        severity: 'error',
        message:
          `after ${formatDuration(afterMs)} of silence ${stalled.length} of ${idleSamples.length} idle connections no longer answer, and nobody closed them: ` +
          'a request on one would wait in vain',
        evidence: { idleMs: afterMs, stalled: stalled.length, connections: idleSamples.length },
        remedy: ['# find the box and its timeout: kaprobe measure, with --locate, on the same URL'],
      },
    ];
  },
};
