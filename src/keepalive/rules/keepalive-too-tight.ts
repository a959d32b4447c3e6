import { formatDuration } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { deadAfterMs } from '../keepalive.ts';
import { remedyLines } from '../remedy.ts';

/** A path may be silent this long, while a route changes or a link fails over, without anything being wrong. */
const BLIP_MS = 10_000;

export const rule: Rule<KeepaliveFacts> = {
  id: 'keepalive-too-tight',
  title: 'A short interruption of the path ends a healthy connection',
  explain: `**What it means.** The kernel gives the connection up after less than 10 s without an answer. A failover or a route change can take as
long.

**Why it happens.** Idle time, interval and count were all set very low, or a short TCP_USER_TIMEOUT cuts the probes off. With a user
timeout the count is ignored.

**How kaprobe knows.** It computes when the kernel gives up. The limit of 10 s is kaprobe's choice. In one data centre, with a failover
that expects this, tight settings may be right. The rule offers no other values where it just saw these keep a connection.

**What to do.** Raise the count or the interval until a dead peer is noticed after 10 s or more.

**Sources.** tcp(7). RFC 1122, section 4.2.3.6 (a lost probe must not end a connection). Linux net/ipv4/tcp_timer.c.`,
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
