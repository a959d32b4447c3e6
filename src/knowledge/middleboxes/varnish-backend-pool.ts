import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Varnish backend_idle_timeout',
  vendor: 'Varnish',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 60_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'varnishd -p backend_idle_timeout=<s>',
  source:
    'https://github.com/varnishcache/varnish-cache/blob/27d2ce15b20b94d0a5e452b0d5c29c3145d00b6a/include/tbl/params.h',
  note: '60 s; tunnels such as WebSockets: pipe_timeout, 60 s.',
});
