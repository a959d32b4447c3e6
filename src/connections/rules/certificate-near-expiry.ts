import { formatDuration } from '../../base/units.ts';
import type { Facts } from '../../policy/facts.ts';
import type { Rule } from '../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'certificate-near-expiry',
  title: "The server's certificate has expired or soon will",
  explain: '',
  judge: ({ certificate, certificateMarginMs }) => {
    if (certificate?.kind !== 'presented' || certificate.remainingMs === null || certificate.validTo === null)
      return [];
    const { remainingMs, lifetimeMs, validTo, subject } = certificate;
    // A certificate that lives six days never has fourteen left: a third of its life is early enough then.
    const marginMs = Math.min(certificateMarginMs, lifetimeMs === null ? certificateMarginMs : lifetimeMs / 3);
    const expired = remainingMs < 0;
    if (!expired && remainingMs >= marginMs) return [];
    return [
      {
        severity: expired ? 'error' : 'warning',
        message: expired
          ? `the certificate expired ${formatDuration(-remainingMs)} ago, on ${validTo}`
          : `the certificate expires in ${formatDuration(remainingMs)}, on ${validTo}`,
        evidence: { subject, validTo, remainingMs, marginMs },
        remedy: [],
      },
    ];
  },
};
