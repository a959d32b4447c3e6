import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'squid-server',
  name: 'Squid server_idle_pconn_timeout',
  vendor: 'Squid',
  kind: 'l7-proxy',
  legs: 'origin',
  protocol: 'tcp',
  idleTimeoutMs: 60_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'server_idle_pconn_timeout <time>',
  source: {
    url: 'https://github.com/squid-cache/squid/blob/c57bcdea7713d6f486b761bd079d95bf567f03c2/src/cf.data.pre',
    note: '1 min, recalled.',
    confidence: 'recalled',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
