import { formatDuration, plural } from '../../../base/units.ts';
import type { Judgement, Rule } from '../../../report/finding.ts';
import type { CheckFacts } from '../facts.ts';

export const rule: Rule<CheckFacts> = {
  id: 'keepalive-probes-unanswered',
  title: 'Keepalive probes into a connection that was made a moment ago got no answer',
  explain: '',
  judge: ({ answer }) => {
    if (answer?.kind !== 'unanswered') return [];
    const { probeCount, afterMs, freshConnect } = answer;
    const silence = `${plural(probeCount, 'keepalive probe')} in ${formatDuration(afterMs)} got no answer`;
    const judgement: Judgement = {
      severity: 'error',
      message: `${silence}, and what a new connection comes to was not measured`,
      evidence: { probeCount, afterMs, freshConnect },
      remedy: [],
    };
    if (freshConnect === 'connected') {
      const message =
        `${silence}, yet a new connection to the same address works: something on the path or the peer drops empty segments, ` +
        'or the connection was forgotten at once. With TCP keepalive on, this connection would be ended as dead';
      return [
        {
          ...judgement,
          message,
          remedy: [
            '# keep the path open with application heartbeats, and look at what sits between:',
            'tcpdump -ni any "tcp and tcp[tcpflags] == tcp-ack"',
          ],
        },
      ];
    }
    if (freshConnect !== null && freshConnect !== 'unmeasured') {
      return [
        {
          ...judgement,
          message: `${silence}, and a new connection fails too (${freshConnect}): the host or the path went away meanwhile`,
        },
      ];
    }
    return [judgement];
  },
};
