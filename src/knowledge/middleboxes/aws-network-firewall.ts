import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'aws-network-firewall',
  name: 'AWS Network Firewall',
  vendor: 'AWS',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 350_000,
  rangeMs: [60_000, 6_000_000],
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith: 'firewall policy FlowTimeouts.TcpIdleTimeoutSeconds',
  source: {
    url: 'https://docs.aws.amazon.com/network-firewall/latest/APIReference/API_FlowTimeouts.html',
    note: 'Data packets after expiry are dropped, a new SYN starts a new flow; keepalives refresh.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'read' },
} satisfies MiddleboxPreset;
