import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Heroku router, silent stream',
  vendor: 'Heroku',
  kind: 'l7-proxy',
  legs: null,
  idleTimeoutMs: 55_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'not configurable',
  source: 'https://devcenter.heroku.com/articles/request-timeout',
  note: '30 s to the first byte, then 55 s between bytes (H15, H28).',
});
