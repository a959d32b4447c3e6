import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'railway-edge',
  name: 'Railway edge proxy keep-alive',
  vendor: 'Railway',
  kind: 'l7-proxy',
  legs: 'client',
  protocol: 'tcp',
  idleTimeoutMs: 60_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  configurableWith: 'not configurable',
  source: {
    url: 'https://docs.railway.com/networking/public-networking/specs-and-limits',
    note: '60 s keep-alive, HTTP requests up to 15 min.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
