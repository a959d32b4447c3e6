import type { Facts } from '../../policy/facts.ts';
import type { Rule } from '../../report/finding.ts';
import { strictestMiddlebox } from '../keepalive.ts';
import { proposeKeepalive } from '../recommended-settings.ts';
import { setsockoptLines } from '../remedy.ts';
import { forgets } from '../wording.ts';

export const rule: Rule<Facts> = {
  id: 'keepalive-off',
  title:
    "SO_KEEPALIVE is off: nothing keeps a middlebox's entry fresh and a dead peer is never noticed (RFC 9293, 3.8.4: off by default)",
  explain: '',
  judge: (facts) => {
    const { settings, middleboxes, librarySwitches } = facts;
    if (settings === null || settings.keepalive.enabled) return [];
    const strictest = strictestMiddlebox(middleboxes);
    const recommended = proposeKeepalive(facts);
    const consequence = 'a connection that idles is never probed, so a dead peer is not noticed while nothing is sent';
    return [
      {
        severity: strictest === null ? 'warning' : 'error',
        message: `TCP keepalive is off: ${consequence}${strictest === null ? '' : `, and ${forgets(strictest)}`}`,
        evidence: {
          enabled: false,
          ...(strictest === null ? {} : { middleboxIdleTimeoutMs: strictest.idleTimeoutMs }),
        },
        remedy: recommended === null ? [] : [...setsockoptLines(recommended), ...librarySwitches],
      },
    ];
  },
};
