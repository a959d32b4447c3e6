import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'fly-proxy',
  name: 'Fly.io proxy http_options.idle_timeout',
  vendor: 'Fly.io',
  kind: 'l7-proxy',
  legs: 'client',
  protocol: 'tcp',
  idleTimeoutMs: 60_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  configurableWith: '[http_service.http_options] idle_timeout in fly.toml',
  source: {
    url: null,
    note: '60 s default, maximum undocumented.',
    confidence: 'read-without-address',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
