import { formatDuration, plural } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { deadAfterMs } from '../keepalive.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'user-timeout-overrides-count',
  title:
    'TCP_USER_TIMEOUT takes the place of the probe count (tcp(7); tcp_keepalive_timer in net/ipv4/tcp_timer.c): a short one ends the connection at the first lost probe, another one at a time that the count does not say',
  explain: '',
  rank: 1,
  judge: ({ settings }) => {
    if (settings === null || !settings.keepalive.enabled || settings.keepalive.userTimeoutMs === 0) return [];
    const { keepalive } = settings;
    const { idleMs, intervalMs, count, userTimeoutMs } = keepalive;
    const after = deadAfterMs(keepalive);
    const byCountMs = idleMs + intervalMs * count;
    const evidence = { userTimeoutMs, idleMs, intervalMs, count, deadAfterMs: after, deadAfterByCountMs: byCountMs };
    if (count > 1 && userTimeoutMs <= idleMs + intervalMs) {
      return [
        {
          severity: 'warning',
          message: `the user timeout of ${formatDuration(userTimeoutMs)} undercuts the probes: a single lost one ends the connection after ${formatDuration(after)}, ${plural(count, 'probe')} were meant to`,
          evidence,
          remedy: [`setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(unsigned){${byCountMs}}, sizeof(unsigned));`],
        },
      ];
    }
    if (after === byCountMs) return [];
    return [
      {
        severity: 'info',
        message: `the user timeout overrides the probe count: the kernel gives up after ${formatDuration(after)}, not after ${plural(count, 'probe')} (${formatDuration(byCountMs)})`,
        evidence,
        remedy: [],
      },
    ];
  },
};
