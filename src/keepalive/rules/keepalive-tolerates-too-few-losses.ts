import { formatDuration, plural } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { lastTolerableProbeMs, probePeriodMs, safetyMarginMs, TOLERATED_LOSSES } from '../keepalive.ts';
import { remedyLines } from '../remedy.ts';
import { forgets, labelOf } from '../wording.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'keepalive-tolerates-too-few-losses',
  title:
    'The first probe is in time, but if it and the next are lost the middlebox forgets: a period and two intervals exceed its timeout less a margin',
  explain: '',
  judge: (facts) => {
    const { settings, strictest } = facts;
    if (settings === null || !settings.keepalive.enabled || strictest === null) return [];
    const { idleMs, intervalMs } = settings.keepalive;
    const { idleTimeoutMs } = strictest;
    const marginMs = safetyMarginMs(idleTimeoutMs);
    const periodMs = probePeriodMs(settings.keepalive);
    if (periodMs >= idleTimeoutMs || lastTolerableProbeMs(settings.keepalive) <= idleTimeoutMs - marginMs) return [];
    const tolerated = Math.max(0, Math.floor((idleTimeoutMs - marginMs - periodMs) / intervalMs));
    return [
      {
        severity: 'warning',
        message:
          `the first probe goes out in time, after ${formatDuration(idleMs)}, but ${forgets(strictest)}: ` +
          `only ${tolerated === 0 ? 'no lost probe' : plural(tolerated, 'lost probe')} can be made up for before that, ${TOLERATED_LOSSES} should be`,
        evidence: {
          idleMs,
          intervalMs,
          middlebox: labelOf(strictest),
          middleboxIdleTimeoutMs: idleTimeoutMs,
          marginMs,
          toleratedLosses: tolerated,
        },
        remedy: remedyLines(settings.basis, facts),
      },
    ];
  },
};
