import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'EC2 security-group connection tracking on Nitro v6',
  vendor: 'AWS',
  kind: 'firewall',
  idleTimeoutMs: 350_000,
  rangeMs: [60_000, 432_000_000],
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith: 'ENI attribute TcpEstablishedTimeout; set it when you migrate',
  source:
    'https://aws.amazon.com/blogs/networking-and-content-delivery/best-practices-for-tcp-connection-management-on-ec2/',
  note: 'Nitro of the sixth generation (June 2025, but for P6e-GB200) has 350 s in place of 5 days, and forgets silently.',
});
