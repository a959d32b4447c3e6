import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

const USUAL_CAUSE: Record<string, string> = {
  ENOTFOUND: 'no such name, or none with an address of the family asked for',
  ENODATA: 'the name exists but has no address of the family asked for',
  EAI_AGAIN: "no name server answered: the resolver's configuration or the way to it is broken",
  ETIMEDOUT: 'no name server answered in time',
};

export const rule: Rule<EndpointFacts> = {
  id: 'name-unresolved',
  title: "The host's name has no address, or nobody could be asked",
  explain: '',
  judge: ({ connection }) => {
    if (connection?.kind !== 'unresolved') return [];
    const { host, error } = connection;
    return [
      {
        severity: 'error',
        message: `the name ${host} could not be resolved (${error ?? 'unknown error'}): ${USUAL_CAUSE[error ?? ''] ?? 'the resolver failed'}`,
        evidence: { host, error },
        remedy: ['# what do the resolver and its servers say?', `getent ahosts ${host}`, 'cat /etc/resolv.conf'],
      },
    ];
  },
};
