import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Cloudflare to origin idle',
  vendor: 'Cloudflare',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 900_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'Enterprise, in part',
  source: 'https://developers.cloudflare.com/fundamentals/reference/connection-limits/',
  note: '900 s, with TCP keepalive every 30 s; HTTP/2 900 s as well, without PING. A response must begin within 100 s (older texts) or 125 s (2026), else 524.',
});
