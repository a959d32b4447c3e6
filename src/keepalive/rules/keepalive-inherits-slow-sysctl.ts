import { formatDuration } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { remedyLines } from '../remedy.ts';
import { labelOf, nameOf } from '../wording.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'keepalive-inherits-slow-sysctl',
  title:
    "The application sets only SO_KEEPALIVE, so it gets the host's timers, and they are too slow for the middlebox",
  explain: '',
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
