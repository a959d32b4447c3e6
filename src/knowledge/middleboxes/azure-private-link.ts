import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Azure Private Link / private endpoint',
  vendor: 'Microsoft',
  kind: 'l4-lb',
  idleTimeoutMs: 300_000,
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: 'not configurable',
  note: 'About 5 min; recalled.',
  confidence: 'recalled',
});
