import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Squid client_idle_pconn_timeout',
  vendor: 'Squid',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 120_000,
  expiry: { behaviour: 'fin', confidence: 'verified-by-reading' },
  closing: { halfClosedMs: 0 },
  configurableWith: 'client_idle_pconn_timeout <time>',
  source: 'https://github.com/squid-cache/squid/blob/7c20a8a787d1ef399c56515a847610c0f8d12147/src/cf.data.pre',
  note: '2 min (7.6); FIN seen with 5.7. read_timeout 15 min. Without half_closed_clients a client that sends a FIN is closed.',
});
