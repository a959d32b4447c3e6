import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'azure-app-service-inbound',
  name: 'App Service front-end request idle',
  vendor: 'Microsoft',
  kind: 'l7-proxy',
  protocol: 'tcp',
  idleTimeoutMs: 230_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'not configurable',
  source: {
    url: 'https://learn.microsoft.com/en-us/azure/app-service/troubleshoot-intermittent-outbound-connection-errors',
    note: '230 s without response data ends the request; recalled, page does not show it.',
    confidence: 'recalled',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
