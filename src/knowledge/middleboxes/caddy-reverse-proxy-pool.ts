import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Caddy reverse_proxy pool',
  vendor: 'Caddy',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 120_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'transport http { keepalive <t>|off; keepalive_idle_conns_per_host 32 }',
  source:
    'https://github.com/caddyserver/caddy/blob/0cf03d32f7d99cf160d5375e8a40fbe3d910d515/modules/caddyhttp/reverseproxy/httptransport.go',
  note: '2 min, 32 idle connections a host, TCP keepalive every 30 s.',
});
