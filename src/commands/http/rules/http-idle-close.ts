import { formatDuration } from '../../../base/units.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';
import { senderLines } from '../http-limits.ts';

export const rule: Rule<Facts> = {
  id: 'http-idle-close',
  title: 'Measured: when the server ends idle connections, and so what every sender of requests must stay below',
  explain: '',
  judge: ({ http }) => {
    if (http === null || http.idleClose === null) return [];
    const { lowerMs, upperMs, outcome } = http.idleClose;
    if (lowerMs === null || (outcome !== 'closed' && outcome !== 'reset')) return [];
    return [
      {
        severity: 'info',
        message:
          outcome === 'closed'
            ? `the server closes (FIN) connections that idle for ${formatDuration(lowerMs)}`
            : `the server resets (RST) connections that idle for ${formatDuration(lowerMs)}: whatever is under way then is lost`,
        evidence: {
          firstEndedAfterMs: lowerMs,
          lastEndedAfterMs: upperMs,
          outcome,
          connections: http.idleSamples.length,
          ...(http.hint === null || http.hint.timeoutMs === null ? {} : { hintMs: http.hint.timeoutMs }),
        },
        remedy: senderLines(lowerMs),
      },
    ];
  },
};
