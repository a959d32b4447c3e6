import { formatDuration, plural } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { deadAfterMs } from '../keepalive.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'dead-peer-noticed-after',
  title: 'How long an idle connection to a dead peer goes unnoticed',
  explain: '',
  rank: 2,
  judge: ({ settings }) => {
    if (settings === null || !settings.keepalive.enabled) return [];
    const { keepalive } = settings;
    const { idleMs, intervalMs, count, userTimeoutMs } = keepalive;
    const after = deadAfterMs(keepalive);
    const how =
      userTimeoutMs === 0
        ? `${formatDuration(idleMs)} of silence, then ${plural(count, 'unanswered probe')}, one every ${formatDuration(intervalMs)}`
        : `the first probe time at or after the user timeout of ${formatDuration(userTimeoutMs)}`;
    return [
      {
        severity: 'info',
        message: `a dead peer is noticed after ${formatDuration(after)}: ${how}`,
        evidence: { deadAfterMs: after, idleMs, intervalMs, count, ...(userTimeoutMs === 0 ? {} : { userTimeoutMs }) },
        remedy: [],
      },
    ];
  },
};
