import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'cloudflare-client',
  name: 'Cloudflare edge, client connections',
  vendor: 'Cloudflare',
  kind: 'l7-proxy',
  legs: 'client',
  protocol: 'tcp',
  idleTimeoutMs: 400_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'not configurable',
  source: {
    url: 'https://developers.cloudflare.com/fundamentals/reference/connection-limits',
    note: '400 s idle for HTTP/1.1 keep-alive and HTTP/2.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
