import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'host-down',
  title: 'Measured: the idle connections fell silent, and now neither a new connection nor ping gets an answer',
  explain: '',
  judge: ({ survival }) => {
    if (survival?.cause !== 'host-down') return [];
    return [
      {
        severity: 'error',
        message:
          'the host went away while the connections idled: they are silent, and neither a new connection nor ping gets an answer now',
        evidence: {
          freshConnect: survival.freshConnect,
          outcomes: survival.arms.map(({ arm, outcome }) => `${arm} ${outcome}`),
        },
        remedy: [],
      },
    ];
  },
};
