import { formatDuration } from '../../base/units.ts';
import type { Facts } from '../../policy/facts.ts';
import type { Rule } from '../../report/finding.ts';
import { strictestMiddlebox } from '../keepalive.ts';
import { proposeKeepalive } from '../recommended-settings.ts';
import { sysctlLines } from '../remedy.ts';
import { labelOf, nameOf } from '../wording.ts';

export const rule: Rule<Facts> = {
  id: 'keepalive-inherits-slow-sysctl',
  title:
    "The application sets only SO_KEEPALIVE, so it gets the host's timers, and they are too slow for the middlebox",
  explain: '',
  judge: (facts) => {
    const { settings, middleboxes } = facts;
    const strictest = strictestMiddlebox(middleboxes);
    if (settings === null || settings.basis === 'sysctl' || !settings.keepalive.enabled || strictest === null)
      return [];
    const { idleMs } = settings.keepalive;
    if (!settings.inherited.idle || idleMs < strictest.idleTimeoutMs) return [];
    const recommended = proposeKeepalive(facts);
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
        remedy: recommended === null ? [] : sysctlLines(recommended),
      },
    ];
  },
};
