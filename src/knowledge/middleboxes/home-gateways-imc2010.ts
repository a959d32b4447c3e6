import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Home gateways measured (Hatonen et al., IMC 2010)',
  vendor: 'various',
  kind: 'nat',
  idleTimeoutMs: 3_600_000,
  rangeMs: [239_000, 86_400_000],
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  source: 'https://www.cs.helsinki.fi/group/wiseciti/nat-study/index.html',
  note: '34 devices: half around an hour, the shortest about 4 min, most below RFC 5382. Study and count were read, the numbers are recalled.',
  confidence: 'recalled',
});
