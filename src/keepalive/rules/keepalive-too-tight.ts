import { formatDuration } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { deadAfterMs } from '../keepalive.ts';
import { remedyLines } from '../remedy.ts';

/** A path may be silent this long, while a route changes or a link fails over, without anything being wrong. */
const BLIP_MS = 10_000;

export const rule: Rule<KeepaliveFacts> = {
  id: 'keepalive-too-tight',
  title: 'Settings so tight that a short interruption of the path ends a healthy connection',
  explain: '',
  rank: 1,
  judge: (facts) => {
    const { settings, recommended } = facts;
    if (settings === null || !settings.keepalive.enabled) return [];
    const after = deadAfterMs(settings.keepalive);
    if (after >= BLIP_MS) return [];
    const { idleMs, intervalMs, count, userTimeoutMs } = settings.keepalive;
    // What has just been shown to keep the connection may be tight itself: then nothing better is known.
    const isProven = recommended === settings.keepalive;
    return [
      {
        severity: 'warning',
        message: `an idle connection is given up after only ${formatDuration(after)} of silence: an interruption of the path that lasts that long ends a healthy connection`,
        evidence: { deadAfterMs: after, idleMs, intervalMs, count, ...(userTimeoutMs === 0 ? {} : { userTimeoutMs }) },
        remedy: isProven ? [] : remedyLines(settings.basis, facts),
      },
    ];
  },
};
