import { describePersistence } from '../../../connections/http/persistence.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';
import { serverIn } from '../http-limits.ts';

export const rule: Rule<Facts> = {
  id: 'http-not-persistent',
  title:
    'Every request needs a connection of its own. That costs time and leaves TIME_WAIT behind, but no request fails of it: a warning',
  explain: '',
  judge: ({ http }) => {
    if (http === null || http.persistent.value !== false) return [];
    const { persistent, method, status, framing } = http;
    const { why, also } = persistent;
    // That one loses requests, and has a rule of its own.
    if (why === null || why === 'closed-unannounced') return [];
    return [
      {
        severity: 'warning',
        message: `each request costs a connection of its own: ${describePersistence(why)}`,
        evidence: {
          reason: why,
          ...(also.length === 0 ? {} : { otherReasons: also }),
          method,
          status,
          framing,
          ...serverIn(http),
        },
        remedy: REMEDIES[why] ?? [],
      },
    ];
  },
};

const REMEDIES: Partial<Record<string, string[]>> = {
  'request-without-keep-alive': [
    '# in a proxy that speaks HTTP/1.0 to it, such as nginx before 1.29.7:',
    'proxy_http_version 1.1;',
    'proxy_set_header Connection "";',
  ],
  'body-without-length': ['# in the application: send Content-Length, or chunks (Transfer-Encoding: chunked)'],
  'error-status': ['# to judge the server, ask for something that it answers without an error'],
};
