import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Fly.io proxy http_options.idle_timeout',
  vendor: 'Fly.io',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 60_000,
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  configurableWith: '[http_service.http_options] idle_timeout in fly.toml',
  note: '60 s; users report 900 s as the most.',
  confidence: 'read-without-address',
});
