import { formatDuration, plural } from '../../units.ts';
import type { Rule } from '../facts.ts';

/** While kaprobe held a connection, the peer closed it: the same happens to everybody who leaves one idle there. */
export const watchedConnectionClosed: Rule = ({ watched }) => {
  if (watched === null || watched.mode === 'observed') return []; // between programs that is how connections end
  const count = watched.counts['closed-by-peer'];
  if (count === 0) return [];
  const event = watched.first.find((each) => each.event === 'closed-by-peer');
  const livedForMs = event?.evidence['livedForMs'];
  return [
    {
      severity: 'warning',
      message:
        `the peer closed ${plural(count, 'connection')}` +
        (typeof livedForMs === 'number' ? `, the first after ${formatDuration(livedForMs)}` : ''),
      evidence: { closedByPeer: count, firstAt: event?.at ?? null, livedForMs: livedForMs ?? null },
      remedy: [],
    },
  ];
};
