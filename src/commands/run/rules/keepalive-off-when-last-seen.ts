import { formatDuration } from '../../../base/units.ts';
import { proposeKeepalive } from '../../../keepalive/recommended-settings.ts';
import { setsockoptLines } from '../../../keepalive/remedy.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'keepalive-off-when-last-seen',
  title:
    'SO_KEEPALIVE was off, on a connection that was over so soon that it may have been about to be switched on: a program may do that after connecting',
  explain: '',
  judge: (facts) => {
    const { glimpsed } = facts;
    if (glimpsed === null || glimpsed.enabled) return [];
    const recommended = proposeKeepalive(facts);
    return [
      {
        severity: 'warning',
        message: `TCP keepalive was off when the connection was last seen, ${formatDuration(glimpsed.watchedMs)} after the first time: one that lives longer may get it later, or never`,
        evidence: { enabled: false, watchedMs: glimpsed.watchedMs },
        remedy: recommended === null ? [] : [...setsockoptLines(recommended), ...facts.librarySwitches],
      },
    ];
  },
};
