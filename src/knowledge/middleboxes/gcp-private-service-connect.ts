import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Google Private Service Connect, published service NAT',
  vendor: 'Google',
  kind: 'cloud-nat',
  idleTimeoutMs: 1_200_000,
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  keepalive: { refreshes: true, basis: 'read' },
  configurableWith: 'not configurable; TCP keepalive below 20 min',
  note: '20 min; transitory 30 s, UDP 30 s. Google recommends keepalive.',
  confidence: 'read-without-address',
});
