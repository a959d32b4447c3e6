import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'PgBouncer server_idle_timeout',
  vendor: 'PgBouncer',
  kind: 'l7-proxy',
  legs: null,
  idleTimeoutMs: 600_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'pgbouncer.ini: server_idle_timeout, server_lifetime (3600), client_idle_timeout (0: never)',
  source: 'https://github.com/pgbouncer/pgbouncer/blob/13a344f2625381296fc02e29b986a11be9c6b983/src/main.c',
  note: '600 s for idle server connections; clients never. tcp_keepalive is on, with the timers of the host.',
});
