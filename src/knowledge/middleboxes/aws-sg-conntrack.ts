import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'EC2 security-group connection tracking (pre Nitro v6)',
  vendor: 'AWS',
  kind: 'firewall',
  idleTimeoutMs: 432_000_000,
  rangeMs: [60_000, 432_000_000],
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith:
    'ENI attribute ConnectionTrackingSpecification.TcpEstablishedTimeout (modify-network-interface-attribute, or the launch template)',
  source: 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ConnectionTrackingConfiguration.html',
  note: '5 days per network interface, a setting since November 2023.',
});
