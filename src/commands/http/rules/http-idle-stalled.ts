import { formatDuration } from '../../../base/units.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'http-idle-stalled',
  title:
    'Idle connections are still open here, but the far end no longer answers on them: something on the path has forgotten them',
  explain: '',
  judge: ({ http }) => {
    if (http === null || http.idleClose === null) return [];
    const stalled = http.idleSamples.filter(({ outcome }) => outcome === 'stalled');
    if (stalled.length === 0) return [];
    const afterMs = Math.min(...stalled.map(({ idleMs }) => idleMs ?? Number.POSITIVE_INFINITY));
    return [
      {
        severity: 'error',
        message:
          `after ${formatDuration(afterMs)} of silence ${stalled.length} of ${http.idleSamples.length} idle connections no longer answer, and nobody closed them: ` +
          'a request on one would wait in vain',
        evidence: { idleMs: afterMs, stalled: stalled.length, connections: http.idleSamples.length },
        remedy: ['# find the box and its timeout: kaprobe measure, with --locate, on the same URL'],
      },
    ];
  },
};
