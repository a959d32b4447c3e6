import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Cloudflare edge, client connections',
  vendor: 'Cloudflare',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 400_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'not configurable',
  source: 'https://developers.cloudflare.com/fundamentals/reference/connection-limits',
  note: '400 s, HTTP/1.1 and HTTP/2.',
});
