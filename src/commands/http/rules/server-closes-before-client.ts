import { formatDuration } from '../../../base/units.ts';
import type { Judgement, Rule } from '../../../report/finding.ts';
import type { HttpFacts } from '../facts.ts';
import { marginFor, senderLines, serverIn, serverLines } from '../http-limits.ts';

/** The least that the delay of the path and the timers of both ends ask for. */
const LEAST_MARGIN_MS = 1000;
/** What the timers of both ends are off by: within it, two times are the same. */
const SAME_MS = 100;

export const rule: Rule<HttpFacts> = {
  id: 'server-closes-before-client',
  title: 'The server closes idle connections before the sender of requests does',
  explain: `**What it means.** A client, or a proxy in front of the server, keeps idle connections longer than the server does.
Sooner or later it sends a request on a connection that the server is just closing. Users see sporadic 502 or "connection reset".

**Why it happens.** Each end has its own idle timeout, set in a different place. Typical pairs: a load balancer with 60 s in front of
Node.js with 5 s or gunicorn with 2 s. A POST is not repeated by the proxy, so it fails.

**How kaprobe knows.** It measured when the server closes idle connections. The limit of the sender is what you gave with
\`--client-idle\` or \`--proxy-idle\`, or the default of the preset. With less than 1 s between the two it warns.

**What to do.** Let the server keep connections longer than every sender, by 1 to 5 s. Or let the sender give them up sooner.
For a chain of several hops the timeouts grow from the client to the application: see \`kaprobe chain\`.

**Sources.** RFC 9112, section 9.5. AWS, "Troubleshoot your Application Load Balancers": HTTP 502.
Node.js issue 59193, nginx ticket 1484 (the race in practice).`,
  rank: 1,
  judge: ({ idleClose, senders, server }) => {
    const closeMs = idleClose?.lowerMs ?? null;
    if (closeMs === null) return [];
    const outcome = idleClose?.outcome;
    if (outcome !== 'closed' && outcome !== 'reset') return [];
    return senders.flatMap(({ name, givesUpAfterMs }): Judgement[] => {
      if (givesUpAfterMs !== null && givesUpAfterMs + LEAST_MARGIN_MS <= closeMs) return [];
      const first = givesUpAfterMs === null || givesUpAfterMs + SAME_MS >= closeMs;
      const keeps =
        givesUpAfterMs === null
          ? 'never gives idle connections up'
          : `keeps idle connections for ${formatDuration(givesUpAfterMs)}`;
      return [
        {
          severity: first ? 'error' : 'warning',
          message:
            `the server ${outcome === 'reset' ? 'resets' : 'closes'} idle connections after ${formatDuration(closeMs)}, but the sender of requests (${name}) ${keeps}: ` +
            (first
              ? 'requests meet the closing and fail'
              : 'with less than a second between the two, requests may meet the closing'),
          evidence: {
            sender: name,
            senderGivesUpAfterMs: givesUpAfterMs,
            firstClosedAfterMs: closeMs,
            outcome,
            ...serverIn({ server }),
          },
          remedy: [
            ...(givesUpAfterMs === null
              ? []
              : [
                  `# either the server closes later, here with a margin of ${formatDuration(marginFor(givesUpAfterMs))}`,
                  ...serverLines(server, givesUpAfterMs),
                  '# or',
                ]),
            ...senderLines(closeMs),
          ],
        },
      ];
    });
  },
};
