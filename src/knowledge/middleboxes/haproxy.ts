import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'HAProxy timeout client / server / tunnel',
  vendor: 'HAProxy',
  kind: 'l7-proxy',
  legs: null,
  idleTimeoutMs: null,
  expiry: { behaviour: 'fin', confidence: 'verified-by-reading' },
  keepalive: { refreshes: false, basis: 'read' },
  configurableWith:
    'timeout client|server|tunnel|http-keep-alive <t>; half-closed: timeout client-fin|server-fin; probes: option clitcpka|srvtcpka',
  source: 'https://github.com/haproxy/haproxy/blob/50872daa6a857e82afc40b1c5161924aef4172d7/doc/configuration.txt',
  note: 'No default: an unset timeout is infinite, with a warning at start. Waiting for the next request falls back to timeout http-request. Keepalive of one side does not reach the other. In mode tcp both ends get a FIN (2.6.12).',
});
