import { formatDuration } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { probePeriodMs } from '../keepalive.ts';
import { remedyLines } from '../remedy.ts';
import { forgets, labelOf } from '../wording.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'keepalive-interval-slower-than-middlebox',
  title: "The second probe comes too late: the interval exceeds the middlebox's timeout",
  explain: `**What it means.** The first probe refreshes the middlebox. The next one goes out only after TCP_KEEPINTVL, and by then the box has
forgotten.

**Why it happens.** While probes are answered, Linux sends them the longer of idle time and interval apart. When it sends a probe it
sets its timer to the interval, and the answer does not set it again. You meet this when you lower the idle time alone: the interval
stays at 75 s.

**How kaprobe knows.** It compares the settings with the middlebox's timeout. kaprobe's own tests measure the period on a live kernel.
The timeout is what you gave, or a preset's default. Traffic of the application in between would refresh the box too.

**What to do.** Lower TCP_KEEPINTVL together with TCP_KEEPIDLE. kaprobe recommends a quarter of the idle time, at most 15 s.

**Sources.** Linux net/ipv4/tcp_timer.c (tcp_keepalive_timer). tcp(7).`,
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
