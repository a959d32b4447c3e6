import { plural } from '../../../base/units.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';
import { serverIn } from '../http-limits.ts';

export const rule: Rule<Facts> = {
  id: 'http-close-unannounced',
  title:
    'The server ended a connection in use after some requests, and the last response did not say so: the next request is lost',
  explain: '',
  judge: ({ http }) => {
    if (http === null || http.requestsPerConnection === null) return [];
    const { count, limited, announced } = http.requestsPerConnection;
    if (!limited || announced !== false) return [];
    if (http.persistent.value === false && http.persistent.why !== 'closed-unannounced') return [];
    return [
      {
        severity: count === 1 ? 'error' : 'warning',
        message:
          `the server ends a connection after ${plural(count, 'request')} and does not say so: ` +
          'a client that reuses it loses the next request',
        evidence: { requestsPerConnection: count, announced: false, ...serverIn(http) },
        remedy: ['# the last response should carry', 'Connection: close'],
      },
    ];
  },
};
