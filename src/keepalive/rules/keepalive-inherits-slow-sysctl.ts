import { formatDuration } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { remedyLines } from '../remedy.ts';
import { labelOf, nameOf } from '../wording.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'keepalive-inherits-slow-sysctl',
  title: "The host's keepalive timers apply, and they are too slow for the middlebox",
  explain: `**What it means.** Keepalive is on, but nobody set TCP_KEEPIDLE. The socket takes net.ipv4.tcp_keepalive_time of its network namespace.
That is longer than the middlebox remembers an idle connection. Every program here that only sets SO_KEEPALIVE has the same problem.

**Why it happens.** Many libraries switch SO_KEEPALIVE on and leave the timers alone. The kernel's default is two hours.

**How kaprobe knows.** You did not ask for an idle time, so the value in effect is the host's. The middlebox's timeout is what you gave,
or a preset's default, which your administrator may have changed. A container has a namespace of its own, with its own values.

**What to do.** Set the sysctl in the network namespace of the program, or set the timers on the socket. A connection that is already
open keeps the timer that runs.

**Sources.** tcp(7), tcp_keepalive_time. Linux Documentation/networking/ip-sysctl.rst. \`kaprobe middleboxes\` for the preset.`,
  judge: (facts) => {
    const { settings, strictest } = facts;
    if (settings === null || settings.basis === 'sysctl' || !settings.keepalive.enabled || strictest === null)
      return [];
    const { idleMs } = settings.keepalive;
    if (!settings.inherited.idle || idleMs < strictest.idleTimeoutMs) return [];
    return [
      {
        severity: 'warning',
        message:
          `whoever only sets SO_KEEPALIVE here gets net.ipv4.tcp_keepalive_time = ${idleMs / 1000}, that is ${formatDuration(idleMs)}, ` +
          `from this network namespace; ${nameOf(strictest)} allows ${formatDuration(strictest.idleTimeoutMs)}`,
        evidence: {
          tcpKeepaliveTimeMs: idleMs,
          middlebox: labelOf(strictest),
          middleboxIdleTimeoutMs: strictest.idleTimeoutMs,
        },
        remedy: remedyLines('sysctl', facts),
      },
    ];
  },
};
