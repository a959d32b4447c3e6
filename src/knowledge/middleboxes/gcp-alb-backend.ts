import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Google Application LB, backend keep-alive',
  vendor: 'Google',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 600_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'not configurable; let the backend idle more than 600 s (620 is usual)',
  source: 'https://docs.cloud.google.com/load-balancing/docs/https/request-distribution',
  note: '600 s, fixed. Google asks backends to idle longer, against the race that ends in a reset.',
});
