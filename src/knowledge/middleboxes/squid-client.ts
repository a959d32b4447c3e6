import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'squid-client',
  name: 'Squid client_idle_pconn_timeout',
  vendor: 'Squid',
  kind: 'l7-proxy',
  legs: 'client',
  protocol: 'tcp',
  idleTimeoutMs: 120_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'client_idle_pconn_timeout <time>',
  source: {
    url: 'https://github.com/squid-cache/squid/blob/c57bcdea7713d6f486b761bd079d95bf567f03c2/src/cf.data.pre',
    note: "2 min (secondary evidence: two projects copy Squid's default).",
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
