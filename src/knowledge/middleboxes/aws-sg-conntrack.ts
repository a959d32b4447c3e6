import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'aws-sg-conntrack',
  name: 'EC2 security-group connection tracking (pre Nitro v6)',
  vendor: 'AWS',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 432_000_000,
  rangeMs: [60_000, 432_000_000],
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith:
    'ENI attribute ConnectionTrackingSpecification.TcpEstablishedTimeout (modify-network-interface-attribute / launch template)',
  source: {
    url: 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ConnectionTrackingConfiguration.html',
    note: '5 days, per ENI, since 2023-11 configurable.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
