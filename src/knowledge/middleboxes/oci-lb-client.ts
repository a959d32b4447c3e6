import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Oracle Cloud load balancer, client keep-alive',
  vendor: 'Oracle',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 65_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'not configurable',
  source: 'https://docs.oracle.com/en-us/iaas/Content/Balance/Reference/connectionreuse.htm',
  note: '65 s, or 10000 requests; fixed.',
});
