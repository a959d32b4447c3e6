import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Varnish timeout_idle',
  vendor: 'Varnish',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 5000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'varnishd -p timeout_idle=<s>',
  source:
    'https://github.com/varnishcache/varnish-cache/blob/27d2ce15b20b94d0a5e452b0d5c29c3145d00b6a/include/tbl/params.h',
  note: '5 s: a load balancer before it keeps connections longer (ALB 60 s, GCP 600 s), so raise it. TCP keepalive on accepted sockets: 600 s.',
});
