import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'nginx upstream keepalive pool',
  vendor: 'nginx',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 60_000,
  expiry: { behaviour: 'fin', confidence: 'verified-by-reading' },
  configurableWith:
    'upstream { keepalive N [local]; keepalive_timeout <t>; keepalive_requests; keepalive_time }; keepalive 0 switches it off',
  source:
    'https://github.com/nginx/nginx/blob/3f6f7824d4e2eb1ac37dec76683d525ac0ff521c/src/http/modules/ngx_http_upstream_keepalive_module.c',
  note: '60 s. Since 1.29.7 (March 2026) explicit upstream blocks keep 32 connections without being told, and proxy_http_version is 1.1.',
});
