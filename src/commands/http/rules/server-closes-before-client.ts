import { formatDuration } from '../../../base/units.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Judgement, Rule } from '../../../report/finding.ts';
import { marginFor, senderLines, serverIn, serverLines } from '../http-limits.ts';

/** The least that the delay of the path and the timers of both ends ask for. */
const LEAST_MARGIN_MS = 1000;
/** What the timers of both ends are off by: within it, two times are the same. */
const SAME_MS = 100;

export const rule: Rule<Facts> = {
  id: 'server-closes-before-client',
  title:
    'Whoever sends requests must give an idle connection up before the server does, or requests meet its closing (RFC 9112, section 9.5)',
  explain: '',
  judge: ({ http }) => {
    const closeMs = http?.idleClose?.lowerMs ?? null;
    if (http === null || closeMs === null) return [];
    const { server, senders } = http;
    const outcome = http.idleClose?.outcome;
    if (outcome !== 'closed' && outcome !== 'reset') return [];
    return senders.flatMap(({ name, idleMs }): Judgement[] => {
      if (idleMs !== null && idleMs + LEAST_MARGIN_MS <= closeMs) return [];
      const first = idleMs === null || idleMs + SAME_MS >= closeMs;
      const keeps =
        idleMs === null ? 'never gives idle connections up' : `keeps idle connections for ${formatDuration(idleMs)}`;
      return [
        {
          severity: first ? 'error' : 'warning',
          message:
            `the server ${outcome === 'reset' ? 'resets' : 'closes'} idle connections after ${formatDuration(closeMs)}, but the sender of requests (${name}) ${keeps}: ` +
            (first
              ? 'requests meet the closing and fail'
              : 'with less than a second between the two, requests may meet the closing'),
          evidence: { sender: name, senderIdleMs: idleMs, firstClosedAfterMs: closeMs, outcome, ...serverIn(http) },
          remedy: [
            ...(idleMs === null
              ? []
              : [
                  `# either the server closes later, here with a margin of ${formatDuration(marginFor(idleMs))}`,
                  ...serverLines(server, idleMs),
                  '# or',
                ]),
            ...senderLines(closeMs),
          ],
        },
      ];
    });
  },
};
