import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Squid server_idle_pconn_timeout',
  vendor: 'Squid',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 60_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'server_idle_pconn_timeout <time>',
  source: 'https://github.com/squid-cache/squid/blob/7c20a8a787d1ef399c56515a847610c0f8d12147/src/cf.data.pre',
  note: '1 min (7.6).',
});
