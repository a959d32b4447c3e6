import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'SonicWall default TCP connection timeout',
  vendor: 'SonicWall',
  kind: 'firewall',
  idleTimeoutMs: 900_000,
  rangeMs: [60_000, 59_940_000],
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith:
    'Network > Firewall > Flood Protection > TCP: Default TCP Connection Timeout, in minutes; in an access rule: Advanced > TCP Connection Inactivity Timeout',
  source:
    'https://www.tenable.com/audits/items/TNS_Best_Practices_SonicWALL_5.8.audit:51005a68cad21ec23bf33affe3d570fc',
  note: '15 min in SonicOS 6 and 7, recalled; the page about 5.8 says 5 min, from 1 to 999.',
  confidence: 'recalled',
});
