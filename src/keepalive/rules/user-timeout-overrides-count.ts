import { formatDuration, plural } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { deadAfterMs } from '../keepalive.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'user-timeout-overrides-count',
  title: 'TCP_USER_TIMEOUT overrides the number of keepalive probes',
  explain: `**What it means.** With TCP_USER_TIMEOUT set, Linux ignores TCP_KEEPCNT. The connection ends at a time that the count does not show. A
short timeout ends it at the first lost probe.

**Why it happens.** At each probe time the kernel asks whether the user timeout has passed since the last segment, and whether a probe
is unanswered. If both hold, it gives up. The option is often set for data in flight, without a thought for keepalive.

**How kaprobe knows.** It computes the end both ways from the settings. It is a warning where one lost probe ends the connection
although the count asks for more, and information where only the time differs.

**What to do.** Set TCP_USER_TIMEOUT to idle time + interval × count. Then both give the same answer.

**Sources.** tcp(7), TCP_USER_TIMEOUT. RFC 5482. Linux net/ipv4/tcp_timer.c (tcp_keepalive_timer).`,
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
