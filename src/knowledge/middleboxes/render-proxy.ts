import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Render edge proxy',
  vendor: 'Render',
  kind: 'l7-proxy',
  legs: null,
  idleTimeoutMs: null,
  keepalive: { refreshes: null, basis: 'unknown' },
  configurableWith: 'a long keep-alive of the application (users choose 120 s)',
  note: 'No number is published; users set keepAliveTimeout of Node to 120000 against 502.',
  confidence: 'recalled',
});
