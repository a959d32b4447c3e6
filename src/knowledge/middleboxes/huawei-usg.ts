import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Huawei USG firewall session aging, TCP',
  vendor: 'Huawei',
  kind: 'firewall',
  idleTimeoutMs: 1_200_000,
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: 'firewall session aging-time service-set tcp <s>; long-link in single policies',
  note: '20 min; recalled.',
  confidence: 'recalled',
});
