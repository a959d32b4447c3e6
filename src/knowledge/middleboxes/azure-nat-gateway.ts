import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'azure-nat-gateway',
  name: 'Azure NAT Gateway',
  vendor: 'Microsoft',
  kind: 'cloud-nat',
  protocol: 'tcp',
  idleTimeoutMs: 240_000,
  rangeMs: [240_000, 7_200_000],
  expiry: { behaviour: 'rst', confidence: 'recalled' },
  configurableWith: 'idleTimeoutInMinutes 4-120',
  source: {
    url: 'https://github.com/MicrosoftDocs/azure-docs/blob/00595da9da44c880f778908815c2180ad72f60c8/articles/nat-gateway/nat-gateway-resource.md',
    note: '4 min default, up to 2 h; UDP fixed 4 min. RST towards packets of an unknown flow is recalled.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
