import type { Facts } from '../../policy/facts.ts';
import type { Rule } from '../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'certificate-not-trusted',
  title:
    "This host does not trust the server's certificate for that name. One that has expired itself is the business of certificate-near-expiry",
  explain: '',
  judge: ({ certificate, certificateExcused }) => {
    if (certificate?.kind !== 'presented' || certificate.trusted) return [];
    const { subject, issuer, error, remainingMs } = certificate;
    const chainExpired = error === 'CERT_HAS_EXPIRED';
    if (chainExpired && remainingMs !== null && remainingMs < 0) return [];
    return [
      {
        severity: certificateExcused ? 'warning' : 'error',
        message: `the certificate is not trusted here (${error ?? 'unknown reason'})${chainExpired ? ': it, or one that it rests on, has expired' : ''}`,
        evidence: { subject, issuer, error },
        remedy: [],
      },
    ];
  },
};
