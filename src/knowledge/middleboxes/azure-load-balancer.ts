import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'azure-load-balancer',
  name: 'Azure Load Balancer rule',
  vendor: 'Microsoft',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 240_000,
  rangeMs: [240_000, 6_000_000],
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith: 'az network lb rule update --idle-timeout <min> --enable-tcp-reset true',
  source: {
    url: 'https://learn.microsoft.com/el-gr/azure/load-balancer/load-balancer-tcp-idle-timeout',
    note: '4 min default, 4-100 min. Flows vanish silently unless TCP reset is enabled, then both ends get RST at expiry (https://github.com/Microsoft/azure-docs/blob/master/articles/load-balancer/load-balancer-tcp-reset.md).',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
