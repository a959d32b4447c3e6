import { formatDuration } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'certificate-near-expiry',
  title: "The server's certificate has expired or soon will",
  explain: `**What it means.** After its end date clients refuse the certificate, and connections fail. A warning says that the time for renewal has
come.

**Why it happens.** Renewal failed without notice, or the server still holds the old certificate because nobody reloaded it.

**How kaprobe knows.** It compares the certificate that the server presented with this host's clock. The margin is
\`--certificate-margin\`, but never more than a third of the certificate's life: one that lives six days never has fourteen left. Behind
one name several servers may present different certificates. kaprobe saw one.

**What to do.** Renew the certificate, reload the server, and check again. Certificates of the chain above it need a look too.

**Sources.** RFC 5280, section 4.1.2.5 (validity). Let's Encrypt's integration guide (renew with a third of the life left).`,
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
