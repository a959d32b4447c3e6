import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Azure Front Door, client side',
  vendor: 'Microsoft',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 61_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'not configurable',
  source:
    'https://learn.microsoft.com/en-us/azure/azure-resource-manager/management/azure-subscription-service-limits#azure-front-door-standard-and-premium-service-limits',
  note: '61 s.',
});
