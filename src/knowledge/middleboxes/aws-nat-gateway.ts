import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'AWS NAT gateway',
  vendor: 'AWS',
  kind: 'cloud-nat',
  idleTimeoutMs: 350_000,
  expiry: { behaviour: 'rst', confidence: 'verified-by-reading' },
  keepalive: { refreshes: true, basis: 'read' },
  configurableWith: 'not configurable',
  source:
    'https://aws.amazon.com/blogs/networking-and-content-delivery/implementing-long-running-tcp-connections-within-vpc-networking/',
  note: '350 s, fixed. The next packet from inside gets a RST, never a FIN; a NAT instance sends a FIN (vpc-nat-comparison).',
});
