import type { Facts } from '../../policy/facts.ts';
import type { Rule } from '../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'tls-handshake-failed',
  title: 'The connection was made, but no TLS session over it',
  explain: '',
  judge: ({ certificate }) => {
    if (certificate?.kind !== 'handshake-failed') return [];
    return [
      {
        severity: 'error',
        message: `the TLS handshake failed (${certificate.error}): the port may not speak TLS, or no protocol version is common to both`,
        evidence: { error: certificate.error },
        remedy: [],
      },
    ];
  },
};
