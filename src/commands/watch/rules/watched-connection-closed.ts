import { formatDuration, plural } from '../../../base/units.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'watched-connection-closed',
  title: 'While kaprobe held a connection, the peer closed it: the same happens to everybody who leaves one idle there',
  explain: '',
  judge: ({ watched }) => {
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
  },
};
