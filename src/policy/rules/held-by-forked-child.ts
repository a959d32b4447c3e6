import type { Rule } from '../facts.ts';
import { connections, evidenceOf } from '../live-socket-group.ts';

/** After fork(2) parent and child hold the same connection: close(2) in one of them sends no FIN (RFC 9293 knows no processes). */
export const heldByForkedChild: Rule = ({ liveSockets }) => {
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
};
