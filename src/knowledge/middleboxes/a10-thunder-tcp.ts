import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'A10 Thunder slb template tcp',
  vendor: 'A10',
  kind: 'l4-lb',
  idleTimeoutMs: 120_000,
  rangeMs: [1000, 2_097_151_000],
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  keepalive: { refreshes: null, basis: 'unknown' },
  configurableWith: 'slb template tcp <n> / idle-timeout <s>; a RST: reset-fwd, reset-rev',
  note: '120 s; recalled, no page of A10 was read.',
  confidence: 'recalled',
});
