import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'AWS Network Load Balancer, TCP listener',
  vendor: 'AWS',
  kind: 'l4-lb',
  idleTimeoutMs: 350_000,
  rangeMs: [60_000, 6_000_000],
  expiry: { behaviour: 'rst', confidence: 'verified-by-reading' },
  keepalive: { refreshes: true, basis: 'read' },
  configurableWith: 'aws elbv2 modify-listener-attributes --attributes Key=tcp.idle_timeout.seconds,Value=<60-6000>',
  source:
    'https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html#connection-idle-timeout',
  note: '350 s, a setting since September 2024. Silent at expiry; the next sender gets a RST. Keepalive refreshes it. Above 350 s the ENI conntrack of Nitro v6 targets (350 s) decides.',
});
