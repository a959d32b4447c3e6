import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { remedyLines } from '../remedy.ts';
import { forgets } from '../wording.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'keepalive-off',
  title:
    "SO_KEEPALIVE is off: nothing keeps a middlebox's entry fresh and a dead peer is never noticed (RFC 9293, 3.8.4: off by default)",
  explain: '',
  judge: (facts) => {
    const { settings, strictest } = facts;
    if (settings === null || settings.keepalive.enabled) return [];
    const consequence = 'a connection that idles is never probed, so a dead peer is not noticed while nothing is sent';
    return [
      {
        severity: strictest === null ? 'warning' : 'error',
        message: `TCP keepalive is off: ${consequence}${strictest === null ? '' : `, and ${forgets(strictest)}`}`,
        evidence: {
          enabled: false,
          ...(strictest === null ? {} : { middleboxIdleTimeoutMs: strictest.idleTimeoutMs }),
        },
        remedy: remedyLines(settings.basis, facts),
      },
    ];
  },
};
