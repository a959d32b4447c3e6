import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'haproxy',
  name: 'HAProxy timeout client / server / tunnel',
  vendor: 'HAProxy',
  kind: 'l7-proxy',
  protocol: 'tcp',
  idleTimeoutMs: null,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith:
    'timeout client|server|tunnel|http-keep-alive <t>; option clitcpka/srvtcpka for probes on each side',
  source: {
    url: 'https://github.com/haproxy/haproxy/blob/50872daa6a857e82afc40b1c5161924aef4172d7/doc/configuration.txt',
    note: 'No default: an unset timeout is infinite and only warns at start. Keep-alive wait falls back to timeout http-request. Keepalives of one side never cross the proxy to the other side.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'read' },
} satisfies MiddleboxPreset;
