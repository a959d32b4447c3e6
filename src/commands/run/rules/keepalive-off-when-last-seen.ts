import { formatDuration } from '../../../base/units.ts';
import { remedyLines } from '../../../keepalive/remedy.ts';
import type { Rule } from '../../../report/finding.ts';
import type { RunFacts } from '../facts.ts';

export const rule: Rule<RunFacts> = {
  id: 'keepalive-off-when-last-seen',
  title:
    'SO_KEEPALIVE was off, on a connection that was over so soon that it may have been about to be switched on: a program may do that after connecting',
  explain: '',
  judge: (facts) => {
    const { glimpsedForMs } = facts;
    if (glimpsedForMs === null) return [];
    return [
      {
        severity: 'warning',
        message: `TCP keepalive was off when the connection was last seen, ${formatDuration(glimpsedForMs)} after the first time: one that lives longer may get it later, or never`,
        evidence: { enabled: false, watchedMs: glimpsedForMs },
        remedy: remedyLines('measured', facts),
      },
    ];
  },
};
