import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'nginx proxy_read_timeout / proxy_send_timeout',
  vendor: 'nginx',
  kind: 'l7-proxy',
  legs: null,
  idleTimeoutMs: 60_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'proxy_read_timeout <t>; proxy_send_timeout <t>',
  source:
    'https://github.com/nginx/nginx/blob/3f6f7824d4e2eb1ac37dec76683d525ac0ff521c/src/http/modules/ngx_http_proxy_module.c',
  note: '60 s between two reads; it also cuts silent WebSockets.',
});
