import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'aws-vpc-endpoint',
  name: 'AWS interface VPC endpoint (PrivateLink)',
  vendor: 'AWS',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 350_000,
  rangeMs: null,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith: 'not configurable',
  source: {
    url: 'https://aws.amazon.com/blogs/networking-and-content-delivery/implementing-long-running-tcp-connections-within-vpc-networking/',
    note: 'Same fixed 350 s; packets after expiry are not delivered.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
