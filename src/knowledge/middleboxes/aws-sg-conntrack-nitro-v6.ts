import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'aws-sg-conntrack-nitro-v6',
  name: 'EC2 security-group connection tracking on Nitro v6',
  vendor: 'AWS',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 350_000,
  rangeMs: [60_000, 432_000_000],
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith: 'ENI attribute TcpEstablishedTimeout; set it explicitly when migrating',
  source: {
    url: 'https://aws.amazon.com/blogs/networking-and-content-delivery/best-practices-for-tcp-connection-management-on-ec2/',
    note: 'Sixth-generation Nitro (June 2025; P6e-GB200 excepted) ships 350 s instead of 5 days, so a bare instance now behaves like an NLB-length middlebox; the state vanishes silently.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
