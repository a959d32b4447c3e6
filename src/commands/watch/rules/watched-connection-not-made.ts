import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'watched-connection-not-made',
  title: 'A connection that was to be held could not be made',
  explain: '',
  judge: ({ watched }) => {
    const event = watched?.first.find((each) => each.event === 'not-connected');
    if (watched === null || event === undefined) return [];
    const { error = null } = event.evidence;
    return [
      {
        severity: 'error',
        message: `${watched.seen === 0 ? 'no connection could be made' : 'at times no connection could be made'}: ${error}`,
        evidence: { error, firstAt: event.at, connectionsMade: watched.seen },
        remedy: [],
      },
    ];
  },
};
