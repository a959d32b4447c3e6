import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'nginx client keepalive_timeout',
  vendor: 'nginx',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 75_000,
  expiry: { behaviour: 'fin', confidence: 'verified-by-reading' },
  configurableWith: 'keepalive_timeout <t> [header]; keepalive_min_timeout <t> (since 1.27.4)',
  source:
    'https://github.com/nginx/nginx/blob/3f6f7824d4e2eb1ac37dec76683d525ac0ff521c/src/http/ngx_http_core_module.c',
  note: '75 s built in, 65 s in the sample configuration; HTTP/2 too since 1.19.7. keepalive_time (1 h) and keepalive_requests (1000) end a connection as well. FIN seen with 1.22.1.',
});
