import { plural } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { HttpFacts } from '../facts.ts';
import { serverIn } from '../http-limits.ts';

export const rule: Rule<HttpFacts> = {
  id: 'http-close-unannounced',
  title: 'The server ends a connection in use without announcing it',
  explain: `**What it means.** After some requests the server closed the connection, and its last response did not say \`Connection: close\`.
A client takes the connection for reusable. Its next request is lost, or must be sent again.

**Why it happens.** Servers limit the requests on one connection, or replace a worker after so many requests. A server that knows
that a response is the last one should say so. Worker recycling, such as gunicorn's \`max_requests\`, often does not.

**How kaprobe knows.** It sent one request after the other, without a pause, until the server closed the connection.
A restart of the server or a deployment at that moment looks the same: run it again, and compare the number of requests.

**What to do.** Let the server send \`Connection: close\` with its last response. Let clients retry idempotent requests once.

**Sources.** RFC 9112, section 9.6 (a server that closes SHOULD send the close option). RFC 9110, section 9.2.2 (idempotent methods).
gunicorn issue 3323 (recycled workers).`,
  rank: -1,
  judge: ({ requestsPerConnection, persistent, server }) => {
    if (requestsPerConnection === null) return [];
    const { count, limited, announced } = requestsPerConnection;
    if (!limited || announced !== false) return [];
    if (persistent.value === false && persistent.why !== 'closed-unannounced') return [];
    return [
      {
        severity: count === 1 ? 'error' : 'warning',
        message:
          `the server ends a connection after ${plural(count, 'request')} and does not say so: ` +
          'a client that reuses it loses the next request',
        evidence: { requestsPerConnection: count, announced: false, ...serverIn({ server }) },
        remedy: ['# the last response should carry', 'Connection: close'],
      },
    ];
  },
};
