import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Azure Load Balancer rule',
  vendor: 'Microsoft',
  kind: 'l4-lb',
  idleTimeoutMs: 240_000,
  rangeMs: [240_000, 6_000_000],
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  keepalive: { refreshes: true, basis: 'read' },
  configurableWith: 'az network lb rule update --idle-timeout <min> --enable-tcp-reset true',
  source: 'https://learn.microsoft.com/en-us/azure/load-balancer/load-balancer-tcp-idle-timeout',
  note: '4 min, up to 100, for load balancing, outbound and inbound NAT rules. Silent unless TCP reset is on: then both ends of an ESTABLISHED flow get a RST, but not through an internal load balancer with HA ports.',
});
