import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'tls-handshake-failed',
  title: 'The connection was made, but no TLS session over it',
  explain: '',
  judge: ({ certificate }) => {
    if (certificate?.presented.kind !== 'handshake-failed') return [];
    const { error } = certificate.presented;
    return [
      {
        severity: 'error',
        message: `the TLS handshake failed (${error}): the port may not speak TLS, or no protocol version is common to both`,
        evidence: { error },
        remedy: [],
      },
    ];
  },
};
