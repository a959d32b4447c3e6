import type { Rule } from '../facts.ts';

/** The connection was made, but no TLS session over it. */
export const tlsHandshakeFailed: Rule = ({ certificate }) => {
  if (certificate?.kind !== 'handshake-failed') return [];
  return [
    {
      severity: 'error',
      message: `the TLS handshake failed (${certificate.error}): the port may not speak TLS, or no protocol version is common to both`,
      evidence: { error: certificate.error },
      remedy: [],
    },
  ];
};
