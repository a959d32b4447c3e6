import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'nginx-http-keepalive',
  name: 'nginx client keepalive_timeout',
  vendor: 'nginx',
  kind: 'l7-proxy',
  legs: 'client',
  protocol: 'tcp',
  idleTimeoutMs: 75_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'keepalive_timeout <t> [header]; keepalive_min_timeout <t> (1.27.4+)',
  source: {
    url: 'https://github.com/nginx/nginx/blob/3f6f7824d4e2eb1ac37dec76683d525ac0ff521c/src/http/ngx_http_core_module.c',
    note: '75 s built-in (the sample conf writes 65). Also governs HTTP/2 since 1.19.7. keepalive_time 1 h and keepalive_requests 1000 cap total use.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
