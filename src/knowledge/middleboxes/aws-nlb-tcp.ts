import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'aws-nlb-tcp',
  name: 'AWS Network Load Balancer, TCP listener',
  vendor: 'AWS',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 350_000,
  rangeMs: [60_000, 6_000_000],
  expiry: { behaviour: 'rst', confidence: 'verified-by-reading' },
  configurableWith: 'aws elbv2 modify-listener-attributes --attributes Key=tcp.idle_timeout.seconds,Value=<60-6000>',
  source: {
    url: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/network/update-idle-timeout.md',
    note: '350 s, adjustable since 2024-09. Nothing is sent at expiry; whoever sends afterwards gets a RST (NLB guide, connection idle timeout section). TCP keepalives do refresh it. Raising it above 350 is undermined by targets whose ENI conntrack is 350 s (Nitro v6).',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'read' },
} satisfies MiddleboxPreset;
