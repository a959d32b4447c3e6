import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'nginx-upstream-pool',
  name: 'nginx upstream keepalive pool',
  vendor: 'nginx',
  kind: 'l7-proxy',
  legs: 'origin',
  protocol: 'tcp',
  idleTimeoutMs: 60_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith:
    'upstream { keepalive N [local]; keepalive_timeout <t>; keepalive_requests; keepalive_time }; keepalive 0 disables',
  source: {
    url: 'https://github.com/nginx/nginx/blob/3f6f7824d4e2eb1ac37dec76683d525ac0ff521c/src/http/modules/ngx_http_upstream_keepalive_module.c',
    note: '60 s. From 1.29.7 (2026-03-24) it is ON by default for explicit upstream blocks (32 connections, local mode) and proxy_http_version defaults to 1.1.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
