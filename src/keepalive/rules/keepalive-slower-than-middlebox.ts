import { formatDuration } from '../../base/units.ts';
import type { Facts } from '../../policy/facts.ts';
import type { Rule } from '../../report/finding.ts';
import { strictestMiddlebox } from '../keepalive.ts';
import { proposeKeepalive } from '../recommended-settings.ts';
import { setsockoptLines, sysctlLines } from '../remedy.ts';
import { forgets, labelOf } from '../wording.ts';

export const rule: Rule<Facts> = {
  id: 'keepalive-slower-than-middlebox',
  title: 'The first probe goes out when the middlebox has already forgotten the connection',
  explain: '',
  judge: (facts) => {
    const { settings, middleboxes, librarySwitches } = facts;
    const strictest = strictestMiddlebox(middleboxes);
    if (settings === null || !settings.keepalive.enabled || strictest === null) return [];
    const { idleMs } = settings.keepalive;
    if (idleMs < strictest.idleTimeoutMs) return [];
    const recommended = proposeKeepalive(facts);
    const lines =
      recommended === null
        ? []
        : settings.basis === 'sysctl'
          ? [...sysctlLines(recommended), ...setsockoptLines(recommended)]
          : [...setsockoptLines(recommended), ...librarySwitches];
    return [
      {
        severity: 'error',
        message: `the first keepalive probe goes out after ${formatDuration(idleMs)} of silence, but ${forgets(strictest)}: the probe comes too late`,
        evidence: { idleMs, middlebox: labelOf(strictest), middleboxIdleTimeoutMs: strictest.idleTimeoutMs },
        remedy: lines,
      },
    ];
  },
};
