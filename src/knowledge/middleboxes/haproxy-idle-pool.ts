import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'HAProxy server-side idle pool',
  vendor: 'HAProxy',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 5000,
  expiry: { behaviour: 'rst', confidence: 'verified-by-reading' },
  configurableWith: 'server ... pool-purge-delay <t> (0 keeps none), pool-max-conn, http-reuse',
  source: 'https://github.com/haproxy/haproxy/blob/50872daa6a857e82afc40b1c5161924aef4172d7/src/fd.c',
  note: 'Every 5 s half of the idle server connections are closed: a decay, not a limit. The server gets a RST, because of SO_LINGER 0, unless it closed first (2.6.12); clients get a FIN.',
});
