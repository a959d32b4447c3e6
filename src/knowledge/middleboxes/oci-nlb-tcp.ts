import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Oracle Cloud network load balancer',
  vendor: 'Oracle',
  kind: 'l4-lb',
  idleTimeoutMs: 360_000,
  configurableWith: 'oci nlb listener update --tcp-idle-timeout <s> (CLI/API only)',
  source:
    'https://docs.oracle.com/en-us/iaas/Content/NetworkLoadBalancer/NetworkLoadBalancers/configure-idle-timeout.htm',
  note: '360 s (UDP 120 s).',
});
