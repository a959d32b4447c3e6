import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'watched-address-rotated',
  title:
    'The name has other addresses now, or a process has gone over to another one: what is still connected to the old is left behind',
  explain: '',
  judge: ({ watched }) => {
    const event = watched?.first.find((each) => each.event === 'rotated');
    if (watched === null || event === undefined) return [];
    const { name, connectedTo, resolvesTo, before, now } = event.evidence;
    const words = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : String(value));
    return [
      {
        severity: 'warning',
        message:
          name === undefined
            ? `a process went over from ${words(before)} to ${words(now)}`
            : `${words(name)} no longer resolves to ${words(connectedTo)}, which is connected to, but to ${words(resolvesTo)}`,
        evidence: { rotated: watched.counts.rotated, firstAt: event.at },
        remedy: [],
      },
    ];
  },
};
