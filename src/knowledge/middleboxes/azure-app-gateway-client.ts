import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Azure Application Gateway, client keep-alive',
  vendor: 'Microsoft',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 120_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'not configurable',
  source: 'https://learn.microsoft.com/en-us/azure/application-gateway/application-gateway-faq',
  note: '120 s for v1 and v2 (an older text: 75 s for v2).',
});
