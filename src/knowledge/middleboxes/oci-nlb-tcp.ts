import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'oci-nlb-tcp',
  name: 'Oracle Cloud network load balancer',
  vendor: 'Oracle',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 360_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: 'oci nlb listener update --tcp-idle-timeout <s> (CLI/API only)',
  source: {
    url: 'https://docs.oracle.com/en-us/iaas/Content/NetworkLoadBalancer/NetworkLoadBalancers/configure-idle-timeout.htm',
    note: '360 s TCP, 120 s UDP.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
