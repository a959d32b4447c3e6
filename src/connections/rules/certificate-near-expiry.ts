import { formatDuration } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'certificate-near-expiry',
  title: "The server's certificate has expired or soon will",
  explain: '',
  judge: ({ certificate }) => {
    if (certificate?.presented.kind !== 'presented') return [];
    const { remainingMs, lifetimeMs, validTo, subject } = certificate.presented;
    if (remainingMs === null || validTo === null) return [];
    // A certificate that lives six days never has fourteen left: a third of its life is early enough then.
    const marginMs = Math.min(certificate.marginMs, lifetimeMs === null ? certificate.marginMs : lifetimeMs / 3);
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
