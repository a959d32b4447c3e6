import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Google global external Application LB, client side',
  vendor: 'Google',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 610_000,
  rangeMs: [5000, 1_200_000],
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'target proxy httpKeepAliveTimeoutSec',
  source: 'https://docs.cloud.google.com/load-balancing/docs/https/request-distribution',
  note: '610 s, from 5 to 1200.',
});
