import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Azure Front Door to origin',
  vendor: 'Microsoft',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 90_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'not configurable; let the origin idle more than 90 s',
  source:
    'https://learn.microsoft.com/en-us/azure/azure-resource-manager/management/azure-subscription-service-limits#azure-front-door-standard-and-premium-service-limits',
  note: '90 s: an origin that closes sooner races. A response must begin within 60 s (classic: 30 s; from 16 to 240 s).',
});
