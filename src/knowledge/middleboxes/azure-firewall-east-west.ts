import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'azure-firewall-east-west',
  name: 'Azure Firewall, spoke-to-spoke / on-prem',
  vendor: 'Microsoft',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 300_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: 'not configurable',
  source: {
    url: 'http://www.webkkk.net/MicrosoftDocs/azure-docs/commit/e3b69f617ab3c56c938281340e2d17dc7a85ce11',
    note: 'The docs first claimed no idle limit inside the network, a later commit states 5 min.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
