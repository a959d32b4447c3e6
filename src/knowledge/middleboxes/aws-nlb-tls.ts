import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'AWS Network Load Balancer, TLS listener',
  vendor: 'AWS',
  kind: 'l4-lb',
  idleTimeoutMs: 350_000,
  expiry: { behaviour: 'rst', confidence: 'verified-by-reading' },
  keepalive: { refreshes: true, basis: 'read' },
  configurableWith: 'not configurable',
  source:
    'https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html#connection-idle-timeout',
  note: '350 s, fixed. On a keepalive from one side it sends its own on both legs every 20 s; a keepalive must carry no data.',
});
