import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'dropper-named',
  title: 'Measured: the hop from which the stalled flow draws no answer though new connections do',
  explain: '',
  judge: ({ dropper }) => {
    if (dropper === null || dropper.lastAnsweringHop === null) return [];
    const { hop, address, lastAnsweringHop, lastAnsweringAddress, doubt } = dropper;
    const last =
      lastAnsweringHop === 0
        ? 'this host itself'
        : `hop ${lastAnsweringHop} (${lastAnsweringAddress ?? 'address unknown'})`;
    const next = hop === null ? 'some hop behind it' : `hop ${hop} (${address ?? 'which answers nothing'})`;
    const neighbours = hop === null || hop - lastAnsweringHop <= 1;
    const where = neighbours ? `at ${last} or at ${next}` : `somewhere from ${last} to ${next}`;
    return [
      {
        severity: 'info',
        message: `the stalled flow is dropped ${where}: ${doubt}`,
        evidence: { lastAnsweringHop, lastAnsweringAddress, nextHop: hop, nextAddress: address },
        remedy: [],
      },
    ];
  },
};
