import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'certificate-not-trusted',
  title: "This host does not trust the server's certificate for that name",
  explain: `**What it means.** A client that verifies certificates refuses this connection. Only one that was told to ignore errors goes on.

**Why it happens.** The usual causes: a self-signed certificate, a private CA that this host does not know, an intermediate certificate
that the server does not send, or a name that the certificate does not carry.

**How kaprobe knows.** It made the TLS handshake and took the reason from OpenSSL or Node. Node trusts its own list of CAs, not the
system's: a CA that only the system's store has counts as unknown. A certificate whose own time is over is left to
certificate-near-expiry.

**What to do.** Install the full chain on the server. For a private CA start kaprobe with NODE_EXTRA_CA_CERTS=FILE.

**Sources.** RFC 5280, section 6 (path validation). RFC 9525 (names). Node.js documentation, tls and NODE_EXTRA_CA_CERTS.`,
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
