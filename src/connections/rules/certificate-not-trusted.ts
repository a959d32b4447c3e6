import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'certificate-not-trusted',
  title:
    "This host does not trust the server's certificate for that name. One that has expired itself is the business of certificate-near-expiry",
  explain: '',
  judge: ({ certificate }) => {
    if (certificate?.presented.kind !== 'presented' || certificate.presented.trusted) return [];
    const { subject, issuer, error, remainingMs } = certificate.presented;
    const chainExpired = error === 'CERT_HAS_EXPIRED';
    if (chainExpired && remainingMs !== null && remainingMs < 0) return [];
    return [
      {
        severity: certificate.excused ? 'warning' : 'error',
        message: `the certificate is not trusted here (${error ?? 'unknown reason'})${chainExpired ? ': it, or one that it rests on, has expired' : ''}`,
        evidence: { subject, issuer, error },
        remedy: [],
      },
    ];
  },
};
