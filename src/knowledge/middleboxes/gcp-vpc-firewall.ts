import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'gcp-vpc-firewall',
  name: 'Google Cloud VPC firewall connection tracking',
  vendor: 'Google',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 600_000,
  rangeMs: null,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith: 'not configurable; set guest tcp_keepalive_time below 600',
  source: {
    url: 'https://cloud.google.com/compute/docs/troubleshooting?authuser=1&hl=zh-cn',
    note: 'Entries go after 10 min without packets; further INBOUND packets are refused until the VM itself sends one, so a server-initiated push stalls while a client-initiated write revives the flow. Applies to internal addresses too.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'read' },
} satisfies MiddleboxPreset;
