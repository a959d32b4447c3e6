import { formatDuration, plural } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { lastTolerableProbeMs, probePeriodMs, safetyMarginMs, TOLERATED_LOSSES } from '../keepalive.ts';
import { remedyLines } from '../remedy.ts';
import { forgets, labelOf } from '../wording.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'keepalive-tolerates-too-few-losses',
  title: 'Too few lost probes can be made up for before the middlebox forgets',
  explain: `**What it means.** The first probe is in time. If it and the one after it are lost, the middlebox forgets before another one gets
through. Now and then a healthy connection dies on a lossy path.

**Why it happens.** Probes are packets like any other and get lost. An unanswered one is sent again only after TCP_KEEPINTVL. The
default of 75 s leaves no room behind a timeout of a few minutes.

**How kaprobe knows.** It requires that the probe period and two intervals fit into the timeout, less a margin. The margin is a tenth of
the timeout, at most 10 s, for coarse timers. Two losses in a row are kaprobe's choice, not a standard.

**What to do.** Lower the idle time, the interval, or both. The recommended values tolerate two losses.

**Sources.** Linux net/ipv4/tcp_timer.c (tcp_keepalive_timer). tcp(7). \`kaprobe middleboxes\` for the preset.`,
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
