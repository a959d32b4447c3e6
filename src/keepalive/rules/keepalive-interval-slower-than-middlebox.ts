import { formatDuration } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { probePeriodMs } from '../keepalive.ts';
import { remedyLines } from '../remedy.ts';
import { forgets, labelOf } from '../wording.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'keepalive-interval-slower-than-middlebox',
  title:
    'The first probe is in time, the second is not: after a probe, even an answered one, Linux waits for the interval (see probePeriodMs). Whoever lowers only the idle time below the 75 s that the interval has by default meets this',
  explain: '',
  judge: (facts) => {
    const { settings, strictest } = facts;
    if (settings === null || !settings.keepalive.enabled || strictest === null) return [];
    const { idleMs, intervalMs } = settings.keepalive;
    if (idleMs >= strictest.idleTimeoutMs || probePeriodMs(settings.keepalive) < strictest.idleTimeoutMs) return [];
    return [
      {
        severity: 'error',
        message:
          `the first probe goes out in time, after ${formatDuration(idleMs)}, but the next only ${formatDuration(intervalMs)} after it, answered or not: ` +
          `Linux waits for the longer of idle time and interval, and ${forgets(strictest)}`,
        evidence: {
          idleMs,
          intervalMs,
          probePeriodMs: probePeriodMs(settings.keepalive),
          middlebox: labelOf(strictest),
          middleboxIdleTimeoutMs: strictest.idleTimeoutMs,
        },
        remedy: remedyLines(settings.basis, facts),
      },
    ];
  },
};
