import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Sophos Firewall (XG/XGS) TCP established',
  vendor: 'Sophos',
  kind: 'firewall',
  idleTimeoutMs: 10_800_000,
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: 'console> set advanced-firewall tcp-est-idle-timeout <2700-432000>',
  note: '3 h; recalled, no page of Sophos was read.',
  confidence: 'recalled',
});
