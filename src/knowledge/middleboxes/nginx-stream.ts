import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'nginx stream proxy_timeout',
  vendor: 'nginx',
  kind: 'l4-lb',
  idleTimeoutMs: 600_000,
  expiry: { behaviour: 'fin', confidence: 'verified-by-reading' },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
  closing: { halfClosedMs: 0 },
  configurableWith: 'proxy_timeout <t>; proxy_socket_keepalive on; listen ... so_keepalive=<idle>:<intvl>:<cnt>',
  source:
    'https://github.com/nginx/nginx/blob/3f6f7824d4e2eb1ac37dec76683d525ac0ff521c/src/stream/ngx_stream_proxy_module.c',
  note: '10 min between two reads or writes, then a FIN to both ends (1.22.1). Without proxy_half_close a FIN of one side closes the other.',
});
