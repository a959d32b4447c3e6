import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'nginx grpc_read_timeout / grpc_send_timeout',
  vendor: 'nginx',
  kind: 'l7-proxy',
  legs: null,
  idleTimeoutMs: 60_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'grpc_read_timeout <t>; grpc_socket_keepalive on',
  source:
    'https://github.com/nginx/nginx/blob/3f6f7824d4e2eb1ac37dec76683d525ac0ff521c/src/http/modules/ngx_http_grpc_module.c',
  note: '60 s between two reads, so it cuts silent streams; that HTTP/2 PING does not count is recalled.',
});
