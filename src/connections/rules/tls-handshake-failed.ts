import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'tls-handshake-failed',
  title: 'The TCP connection was made, but the TLS handshake failed',
  explain: `**What it means.** The port is reachable, and no encrypted session came about. The rest of the test had nothing to work on.

**Why it happens.** The port does not speak TLS, or expects a plain start first, as SMTP and PostgreSQL do. The versions or ciphers of
both sides have nothing in common, or a middlebox cuts the handshake off.

**How kaprobe knows.** OpenSSL reported the error, the peer closed the connection, or nothing came within \`--timeout\`. An untrusted
certificate is not such a failure: kaprobe goes on and reports it on its own.

**What to do.** \`openssl s_client -connect HOST:PORT\` shows the handshake. Try the plain scheme, such as tcp or http.

**Sources.** RFC 8446, section 4 and section 6 (handshake, alerts). Node.js documentation, tls.`,
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
