import type { Rule } from '../facts.ts';

/** This host does not trust the server's certificate for that name. An expired one is the business of certificate-near-expiry. */
export const certificateNotTrusted: Rule = ({ certificate }) => {
  if (certificate?.kind !== 'presented' || certificate.trusted || certificate.error === 'CERT_HAS_EXPIRED') return [];
  const { subject, issuer, error } = certificate;
  return [
    {
      severity: 'error',
      message: `the certificate is not trusted here (${error ?? 'unknown reason'})`,
      evidence: { subject, issuer, error },
      remedy: [],
    },
  ];
};
