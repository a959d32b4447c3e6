import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'azure-app-service-outbound',
  name: 'App Service outbound SNAT',
  vendor: 'Microsoft',
  kind: 'cloud-nat',
  protocol: 'tcp',
  idleTimeoutMs: 240_000,
  rangeMs: null,
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: 'use VNet integration + NAT gateway to change it',
  source: {
    url: 'https://learn.microsoft.com/en-us/azure/app-service/troubleshoot-intermittent-outbound-connection-errors',
    note: 'Outbound flows use an Azure load balancer with its 4 min default; the page seen covers SNAT ports, the 4 min idle is recalled.',
    confidence: 'recalled',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
