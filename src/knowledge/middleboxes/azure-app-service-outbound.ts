import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'App Service outbound SNAT',
  vendor: 'Microsoft',
  kind: 'cloud-nat',
  idleTimeoutMs: 240_000,
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: 'not itself; use VNet integration with a NAT gateway',
  source: 'https://learn.microsoft.com/en-us/azure/app-service/troubleshoot-intermittent-outbound-connection-errors',
  note: 'The 4 min of Azure Load Balancer; recalled, the page is about SNAT ports.',
  confidence: 'recalled',
});
