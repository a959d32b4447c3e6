import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Azure SQL Database gateway (proxy policy)',
  vendor: 'Microsoft',
  kind: 'l7-proxy',
  legs: null,
  idleTimeoutMs: 1_800_000,
  keepalive: { refreshes: null, basis: 'unknown' },
  configurableWith: 'not configurable',
  note: 'Idle sessions end after 30 min; recalled.',
  confidence: 'recalled',
});
