import { formatDuration } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { remedyLines } from '../remedy.ts';
import { forgets, labelOf } from '../wording.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'keepalive-slower-than-middlebox',
  title: 'The middlebox forgets the connection before the first probe goes out',
  explain: `**What it means.** TCP_KEEPIDLE is as long as the middlebox's idle timeout, or longer. The probe arrives at a box that has no state
left. The box drops it or resets the connection. Keepalive is on and does not help.

**Why it happens.** The default of two hours comes from RFC 1122. Firewalls, NATs and cloud load balancers forget after minutes.

**How kaprobe knows.** It compares the idle time in effect with the shortest timeout among the middleboxes that you gave. A preset is
the vendor's default, which your administrator may have changed. \`kaprobe measure\` finds the real timeout.

**What to do.** Set the recommended values. They leave room for two lost probes and a margin before the timeout.

**Sources.** RFC 9293, section 3.8.4. RFC 5382, section 5 (NATs). tcp(7). \`kaprobe middleboxes\` names each preset's source.`,
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
