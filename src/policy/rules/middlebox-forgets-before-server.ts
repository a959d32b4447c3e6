import { formatDuration } from '../../units.ts';
import type { Rule } from '../facts.ts';
import { senderLines } from '../http-idle-limits.ts';
import { forgets } from '../wording.ts';

/** A box on the path forgets the connection while both ends still hold it open: what is sent on it then goes nowhere. */
export const middleboxForgetsBeforeServer: Rule = ({ http, middleboxes }) => {
  const closeMs = http?.idleClose?.lowerMs ?? null;
  const outcome = http?.idleClose?.outcome;
  if (http === null || closeMs === null || !(outcome === 'closed' || outcome === 'reset' || outcome === 'alive'))
    return [];
  return middleboxes
    .filter(({ idleTimeoutMs }) => idleTimeoutMs < closeMs)
    .map((middlebox) => ({
      severity: 'warning',
      message:
        `${forgets(middlebox)}, while the server holds it for ${outcome === 'alive' ? 'at least ' : ''}${formatDuration(closeMs)}: ` +
        'a client that reuses it in between waits for an answer in vain',
      evidence: {
        middlebox: middlebox.id,
        middleboxIdleTimeoutMs: middlebox.idleTimeoutMs,
        firstClosedAfterMs: outcome === 'alive' ? null : closeMs,
      },
      remedy: [
        ...senderLines(middlebox.idleTimeoutMs),
        ...(middlebox.keepaliveRefreshes === false
          ? []
          : ['# or let TCP keepalive refresh the box: see kaprobe check --middlebox']),
      ],
    }));
};
