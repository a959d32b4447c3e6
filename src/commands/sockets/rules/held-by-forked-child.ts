import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';
import { connections, evidenceOf } from '../../../sockets/live-socket-group.ts';

export const rule: Rule<Facts> = {
  id: 'held-by-forked-child',
  title:
    'After fork(2) parent and child hold the same connection: close(2) in one of them sends no FIN (RFC 9293 knows no processes)',
  explain: '',
  judge: ({ liveSockets }) => {
    const shared = (liveSockets ?? []).filter(
      ({ state, owners: [first, ...others] }) => state !== 'listen' && others.some(({ pid }) => pid !== first?.pid),
    );
    if (shared.length === 0) return [];
    return [
      {
        severity: 'info',
        message: `${connections(shared)} held by more than one process: when one of them closes it, the far end is not told; the FIN goes with the last`,
        evidence: evidenceOf(shared),
        remedy: [],
      },
    ];
  },
};
