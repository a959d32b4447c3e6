import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Linkerd proxy, HTTP/1 pool',
  vendor: 'Linkerd',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 3000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith:
    'LINKERD2_PROXY_OUTBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT and LINKERD2_PROXY_INBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT',
  source:
    'https://github.com/linkerd/linkerd2-proxy/blob/29637b64f6cebedaf15bfbf516818d7a28a4d5a6/linkerd/app/src/env.rs',
  note: '3 s inbound and outbound: below the idle close of common servers but gunicorn (2 s).',
});
