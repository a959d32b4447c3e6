import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'aws-nlb-tls',
  name: 'AWS Network Load Balancer, TLS listener',
  vendor: 'AWS',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 350_000,
  rangeMs: null,
  expiry: { behaviour: 'rst', confidence: 'verified-by-reading' },
  configurableWith: 'not configurable',
  source: {
    url: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/network/update-idle-timeout.md',
    note: 'Fixed 350 s. When a keepalive arrives from one side the NLB emits its own keepalives on both legs every 20 s.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'read' },
} satisfies MiddleboxPreset;
