import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'AWS interface VPC endpoint (PrivateLink)',
  vendor: 'AWS',
  kind: 'l4-lb',
  idleTimeoutMs: 350_000,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith: 'not configurable',
  source:
    'https://aws.amazon.com/blogs/networking-and-content-delivery/implementing-long-running-tcp-connections-within-vpc-networking/',
  note: '350 s, fixed; later packets are not delivered.',
});
