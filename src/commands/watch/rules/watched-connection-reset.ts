import { formatDuration, plural } from '../../../base/units.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'watched-connection-reset',
  title: 'While it was watched, a connection was ended by a RST, or failed with an error of its own',
  explain: '',
  judge: ({ watched }) => {
    if (watched === null) return [];
    const { counts, first } = watched;
    const count = counts.reset + counts.failed;
    if (count === 0) return [];
    const event = first.find((each) => each.event === 'reset' || each.event === 'failed');
    const connection = event?.connection ?? null;
    return [
      {
        severity: 'error',
        message:
          `${plural(count, 'connection')} ${count === 1 ? 'was' : 'were'} reset or failed` +
          (connection === null || event === undefined
            ? ''
            : `, the first ${formatDuration(event.atMs)} after the start: ${connection.local} to ${connection.remote}`),
        evidence: {
          reset: counts.reset,
          failed: counts.failed,
          firstAt: event?.at ?? null,
          error: event?.evidence['error'] ?? null,
          livedForMs: event?.evidence['livedForMs'] ?? null,
        },
        remedy:
          connection === null
            ? []
            : ['# whether the path or the peer resets idle connections:', `kaprobe measure ${connection.remote}`],
      },
    ];
  },
};
