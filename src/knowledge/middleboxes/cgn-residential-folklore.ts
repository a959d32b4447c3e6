import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Carrier/CGN reports',
  vendor: 'various',
  kind: 'nat',
  idleTimeoutMs: 300_000,
  keepalive: { refreshes: null, basis: 'unknown' },
  source: 'https://dev.materialize.com/api/rust/mz_ssh_util/tunnel/constant.DEFAULT_KEEPALIVES_IDLE.html',
  note: '300 s to plan with; there is no standard number. Materialize probes after 10 s, because boxes that forget after 30 s exist.',
  confidence: 'recalled',
});
