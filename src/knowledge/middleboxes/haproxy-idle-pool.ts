import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'haproxy-idle-pool',
  name: 'HAProxy server-side idle pool',
  vendor: 'HAProxy',
  kind: 'l7-proxy',
  legs: 'origin',
  protocol: 'tcp',
  idleTimeoutMs: 5000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'server ... pool-purge-delay <t> (0 = keep none), pool-max-conn, http-reuse',
  source: {
    url: 'https://github.com/haproxy/haproxy/blob/50872daa6a857e82afc40b1c5161924aef4172d7/doc/configuration.txt',
    note: 'Every 5 s half of the idle backend connections are closed, so this is a decay rather than a hard timer.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
