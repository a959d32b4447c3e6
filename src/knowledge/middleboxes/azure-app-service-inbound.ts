import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'App Service front-end request idle',
  vendor: 'Microsoft',
  kind: 'l7-proxy',
  legs: null,
  idleTimeoutMs: 230_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'not configurable',
  source: 'https://learn.microsoft.com/en-us/troubleshoot/azure/app-service/web-request-times-out-app-service',
  note: 'For the response, not for idling: 230 s on Windows, 240 s on Linux.',
});
