import { strictestMiddlebox } from '../../../keepalive/keepalive.ts';
import { proposeKeepalive } from '../../../keepalive/recommended-settings.ts';
import { setsockoptLines } from '../../../keepalive/remedy.ts';
import { forgets, labelOf } from '../../../keepalive/wording.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';
import { connections, evidenceOf, rescueLines } from '../../../sockets/live-socket-group.ts';

export const rule: Rule<Facts> = {
  id: 'keepalive-missing-on-live-socket',
  title: 'Connections in use now whose program never switched keepalive on: no probe will ever go out on them',
  explain: '',
  judge: (facts) => {
    const { liveSockets, middleboxes, librarySwitches } = facts;
    const missing = (liveSockets ?? []).filter(
      ({ risk, keepalive }) =>
        (risk === 'unprotected' || risk === 'stuck') && keepalive.source !== 'unmeasured' && !keepalive.enabled,
    );
    if (missing.length === 0) return [];
    const strictest = strictestMiddlebox(middleboxes);
    const recommended = proposeKeepalive(facts);
    const consequence = 'when they idle no probe ever goes out, and a dead peer is not noticed while nothing is sent';
    return [
      {
        severity: strictest === null ? 'warning' : 'error',
        message: `${connections(missing)} without TCP keepalive: ${consequence}${strictest === null ? '' : `; ${forgets(strictest)}`}`,
        evidence: {
          ...evidenceOf(missing),
          ...(strictest === null
            ? {}
            : { middlebox: labelOf(strictest), middleboxIdleTimeoutMs: strictest.idleTimeoutMs }),
        },
        remedy:
          recommended === null
            ? []
            : [
                ...rescueLines(missing, recommended, facts),
                ...(librarySwitches.length > 0 ? librarySwitches : setsockoptLines(recommended)),
              ],
      },
    ];
  },
};
