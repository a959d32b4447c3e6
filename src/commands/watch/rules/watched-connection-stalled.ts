import { formatDuration, plural } from '../../../base/units.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'watched-connection-stalled',
  title: 'While it was watched, a connection fell silent: what was sent on it went unanswered, time after time',
  explain: '',
  judge: ({ watched }) => {
    if (watched === null) return [];
    const { counts, first } = watched;
    const count = Math.max(counts.stalled, counts['timed-out']);
    if (count === 0) return [];
    const event = first.find((each) => each.event === 'stalled') ?? first.find((each) => each.event === 'timed-out');
    const connection = event?.connection ?? null;
    const { unansweredProbes = null, retransmits = null, lastAcknowledgedMs = null } = event?.evidence ?? {};
    return [
      {
        severity: 'error',
        message:
          `${plural(count, 'stall')} ${count === 1 ? 'was' : 'were'} seen` +
          (connection === null || event === undefined
            ? ''
            : `, the first ${formatDuration(event.atMs)} after the start on ${connection.local} to ${connection.remote}`) +
          `: what was sent went unanswered time after time; ${counts.recovered} recovered, ${counts['timed-out']} the kernel gave up`,
        evidence: {
          stalled: counts.stalled,
          recovered: counts.recovered,
          timedOut: counts['timed-out'],
          firstAt: event?.at ?? null,
          unansweredProbes,
          retransmits,
          lastAcknowledgedMs,
        },
        remedy:
          connection === null
            ? []
            : [
                '# how long that path keeps an idle connection, and who drops it:',
                `kaprobe measure ${connection.remote}`,
              ],
      },
    ];
  },
};
