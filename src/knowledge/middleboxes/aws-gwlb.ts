import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'aws-gwlb',
  name: 'AWS Gateway Load Balancer',
  vendor: 'AWS',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 350_000,
  rangeMs: [60_000, 6_000_000],
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith:
    'listener attributes tcp.idle_timeout.seconds and send_tcp_reset.on_idle_timeout.enabled (default false)',
  source: {
    url: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/gateway/gateway-listeners.md',
    note: '350 s; a newer attribute can make it send RST at expiry or to non-SYN packets without a flow entry; off by default.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
