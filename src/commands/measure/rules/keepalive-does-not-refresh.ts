import { formatDuration } from '../../../base/units.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'keepalive-does-not-refresh',
  title: 'Measured: a connection whose kernel sent keepalive probes all along was forgotten with the silent ones',
  explain: '',
  judge: ({ measured }) => {
    const sides = measured === null ? [] : [measured, measured.farEndFirst];
    const side = sides.find((each) => each?.endedBy === 'path' && each.keepaliveRefreshes === false);
    if (side === undefined || side === null) return [];
    const { lowerMs, upperMs } = side.idleTimeout;
    if (lowerMs === null || upperMs === null) return [];
    return [
      {
        severity: 'error',
        message: `TCP keepalive does not refresh this path: a connection that sent probes all along died as well, within ${formatDuration(upperMs)}`,
        evidence: { lowerMs, upperMs, keepaliveRefreshes: false },
        remedy: [
          '# only data counts here: a request of the application at least every',
          `# ${formatDuration(lowerMs / 3)}`,
        ],
      },
    ];
  },
};
