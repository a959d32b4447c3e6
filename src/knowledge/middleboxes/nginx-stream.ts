import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'nginx-stream',
  name: 'nginx stream proxy_timeout',
  vendor: 'nginx',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 600_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'proxy_timeout <t>; proxy_socket_keepalive on; listen ... so_keepalive=<idle>:<intvl>:<cnt>',
  source: {
    url: 'https://github.com/nginx/nginx/blob/3f6f7824d4e2eb1ac37dec76683d525ac0ff521c/src/stream/ngx_stream_proxy_module.c',
    note: '10 min between two reads or writes.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
