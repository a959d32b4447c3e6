import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'rfc5382-minimum',
  name: 'RFC 5382 REQ-5 minimum for established TCP',
  vendor: 'IETF',
  kind: 'nat',
  protocol: 'tcp',
  idleTimeoutMs: 7_440_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: null,
  source: {
    url: 'https://nakenako.serv00.net/http-datatracker.ietf.org/doc/rfc5382',
    note: 'A NAT that cannot tell whether endpoints are alive must wait at least 2 h 4 min for established, 4 min for transitory connections; rationale is the 2 h keepalive default plus slack. Almost every cloud device is far below it.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: null, basis: 'unknown' },
} satisfies MiddleboxPreset;
