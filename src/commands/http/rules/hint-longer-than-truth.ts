import { formatDuration } from '../../../base/units.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';
import { senderLines, serverIn, wholeSeconds } from '../http-limits.ts';

/** What timers and the way back may take from the promise. */
const TOLERANCE_MS = 300;
/** What clients that honour the hint leave as a margin: Node's agent 1 s, undici 2 s. */
const CLIENT_MARGIN_MS = 1000;

export const rule: Rule<Facts> = {
  id: 'hint-longer-than-truth',
  title:
    '`Keep-Alive: timeout=` promises more than the server keeps: a client that honours it still sends on a connection that is closed',
  explain: '',
  judge: ({ http }) => {
    const hintMs = http?.hint?.timeoutMs ?? null;
    const closeMs = http?.idleClose?.lowerMs ?? null;
    if (http === null || hintMs === null || closeMs === null) return [];
    const outcome = http.idleClose?.outcome;
    if ((outcome !== 'closed' && outcome !== 'reset') || hintMs <= closeMs + TOLERANCE_MS) return [];
    const pastMargin = hintMs - CLIENT_MARGIN_MS > closeMs;
    return [
      {
        severity: pastMargin ? 'error' : 'warning',
        message:
          `the server promises to keep idle connections for ${formatDuration(hintMs)}, but ends them after ${formatDuration(closeMs)}: ` +
          (pastMargin
            ? 'clients that honour the promise lose requests'
            : 'only the margin of clients that honour the promise saves them'),
        evidence: { hintMs, firstClosedAfterMs: closeMs, outcome, ...serverIn(http) },
        remedy: [...promiseLines(http.server, closeMs), ...senderLines(closeMs)],
      },
    ];
  },
};

function promiseLines(server: string | null, closeMs: number): string[] {
  const isNginx = /^(nginx|openresty)/i.test(server ?? '');
  const promised = wholeSeconds(closeMs - CLIENT_MARGIN_MS);
  if (promised < 1) return ['# so short a time is better not promised: leave the header Keep-Alive out'];
  return isNginx
    ? ['# the second value is the promise:', `keepalive_timeout ${wholeSeconds(closeMs)}s ${promised}s;`]
    : ['# promise less than is kept, in the header', `Keep-Alive: timeout=${promised}`];
}
