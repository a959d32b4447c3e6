import { PERSISTENCE_WORDS } from '../../../connections/http/persistence.ts';
import { nginxReuse } from '../../../knowledge/stacks/nginx.ts';
import type { Rule } from '../../../report/finding.ts';
import type { HttpFacts } from '../facts.ts';
import { serverIn } from '../http-limits.ts';

export const rule: Rule<HttpFacts> = {
  id: 'http-not-persistent',
  title: 'Every request needs a connection of its own',
  explain: `**What it means.** The server ends the connection with the response, and says so. No request is lost by that.
But each request waits for a TCP handshake, and a TLS handshake where there is one. Each closed connection leaves a TIME_WAIT behind.

**Why it happens.** The response says \`Connection: close\`, or HTTP/1.0 without \`keep-alive\`, or its body has no length, so that only
the end of the connection ends it. Some servers close after every error. A request in HTTP/1.0 has to ask for reuse.

**How kaprobe knows.** RFC 9112 says by which headers a connection persists, and kaprobe reads them from the request and the response.
It judges this one URL and method. Another path of the same server may behave differently.

**What to do.** Send a Content-Length or chunks, and remove the header that closes. In a proxy use HTTP/1.1 towards the server.
Few requests do not need this: then let it be.

**Sources.** RFC 9112, section 9.3 (persistence) and section 6.3 (length of a body). nginx, ngx_http_proxy_module: proxy_http_version.`,
  rank: -1,
  judge: ({ persistent, method, status, framing, server }) => {
    if (persistent.value !== false) return [];
    const { why, also } = persistent;
    // That one loses requests, and has a rule of its own.
    if (why === null || why === 'closed-unannounced') return [];
    return [
      {
        severity: 'warning',
        message: `each request costs a connection of its own: ${PERSISTENCE_WORDS[why]}`,
        evidence: {
          reason: why,
          ...(also.length === 0 ? {} : { otherReasons: also }),
          method,
          status,
          framing,
          ...serverIn({ server }),
        },
        remedy: [...(REMEDIES[why] ?? [])],
      },
    ];
  },
};

const REMEDIES: Partial<Record<string, readonly string[]>> = {
  'request-without-keep-alive': [
    '# in a proxy that speaks HTTP/1.0 to it, such as nginx before 1.29.7:',
    ...nginxReuse,
  ],
  'body-without-length': ['# in the application: send Content-Length, or chunks (Transfer-Encoding: chunked)'],
  'error-status': ['# to judge the server, ask for something that it answers without an error'],
};
