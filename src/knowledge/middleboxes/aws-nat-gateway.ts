import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'aws-nat-gateway',
  name: 'AWS NAT gateway',
  vendor: 'AWS',
  kind: 'cloud-nat',
  protocol: 'tcp',
  idleTimeoutMs: 350_000,
  rangeMs: null,
  expiry: { behaviour: 'rst', confidence: 'verified-by-reading' },
  configurableWith: 'not configurable',
  source: {
    url: 'https://aws.amazon.com/blogs/networking-and-content-delivery/implementing-long-running-tcp-connections-within-vpc-networking/',
    note: "Fixed 350 s. After expiry the gateway answers the inside host's next packet with RST, never FIN (a NAT *instance* sends FIN instead): https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-comparison.html",
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'read' },
} satisfies MiddleboxPreset;
