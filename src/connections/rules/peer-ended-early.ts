import { formatDuration } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'peer-ended-early',
  title: 'The connection ended by itself within the few seconds in which it was looked at',
  explain: '',
  judge: ({ ended }) => {
    if (ended === null) return [];
    const after = formatDuration(ended.afterMs);
    switch (ended.kind) {
      case 'reset':
        return [
          {
            severity: 'error',
            message: `the connection was reset (RST) ${after} after it was made: the peer's process refuses it, or a middlebox rejects its segments`,
            evidence: { endedBy: 'RST', afterMs: ended.afterMs },
            remedy: [],
          },
        ];
      case 'failed':
        return [
          {
            severity: 'error',
            message: `the connection failed (${ended.error}) ${after} after it was made`,
            evidence: { endedBy: ended.error, afterMs: ended.afterMs },
            remedy: [],
          },
        ];
      case 'closed':
        return [
          {
            severity: 'warning',
            message:
              `the peer closed the connection (FIN) ${after} after it was made: a proxy whose backend is down does this, ` +
              'so does a server that is full or expects another protocol',
            evidence: { endedBy: 'FIN', afterMs: ended.afterMs },
            remedy: [],
          },
        ];
      default:
        return ended satisfies never;
    }
  },
};
