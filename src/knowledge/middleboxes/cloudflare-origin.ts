import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'cloudflare-origin',
  name: 'Cloudflare to origin idle',
  vendor: 'Cloudflare',
  kind: 'l7-proxy',
  legs: 'origin',
  protocol: 'tcp',
  idleTimeoutMs: 900_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'Enterprise only for some',
  source: {
    url: 'https://developers.cloudflare.com/fundamentals/reference/connection-limits',
    note: 'Idle pool 900 s with its own TCP keepalive every 30 s; waiting for response bytes 120 s then 524 (older docs: 100 s).',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
