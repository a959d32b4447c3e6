import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'JD Cloud NAT gateway',
  vendor: 'JD Cloud',
  kind: 'cloud-nat',
  idleTimeoutMs: 1_800_000,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith: 'not configurable',
  note: '1800 s; transitory 60 s, UDP 60 s; then silence. From a public mirror of the product page.',
  confidence: 'read-without-address',
});
