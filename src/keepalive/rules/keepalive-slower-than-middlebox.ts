import { formatDuration } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { remedyLines } from '../remedy.ts';
import { forgets, labelOf } from '../wording.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'keepalive-slower-than-middlebox',
  title: 'The first probe goes out when the middlebox has already forgotten the connection',
  explain: '',
  judge: (facts) => {
    const { settings, strictest } = facts;
    if (settings === null || !settings.keepalive.enabled || strictest === null) return [];
    const { idleMs } = settings.keepalive;
    if (idleMs < strictest.idleTimeoutMs) return [];
    return [
      {
        severity: 'error',
        message: `the first keepalive probe goes out after ${formatDuration(idleMs)} of silence, but ${forgets(strictest)}: the probe comes too late`,
        evidence: { idleMs, middlebox: labelOf(strictest), middleboxIdleTimeoutMs: strictest.idleTimeoutMs },
        remedy: remedyLines(settings.basis, facts),
      },
    ];
  },
};
