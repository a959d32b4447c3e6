import { formatDuration } from '../../../base/units.ts';
import { forgets, labelOf } from '../../../keepalive/wording.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';
import { senderLines } from '../http-limits.ts';

export const rule: Rule<Facts> = {
  id: 'middlebox-forgets-before-server',
  title:
    'A box on the path forgets the connection while both ends still hold it open: what is sent on it then goes nowhere',
  explain: '',
  judge: ({ http, middleboxes }) => {
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
          middlebox: labelOf(middlebox),
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
  },
};
