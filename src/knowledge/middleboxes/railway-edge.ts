import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Railway edge proxy keep-alive',
  vendor: 'Railway',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 60_000,
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  configurableWith: 'not configurable',
  source: 'https://docs.railway.com/networking/public-networking/specs-and-limits',
  note: '60 s; a request may take 15 min.',
});
