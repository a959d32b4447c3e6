import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Oracle Cloud load balancer, backend keep-alive',
  vendor: 'Oracle',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 300_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'not configurable; let the backend idle 310 s or more',
  source: 'https://docs.oracle.com/en-us/iaas/Content/Balance/Reference/connectionreuse.htm',
  note: '300 s, fixed; hints of the backend are ignored. Oracle asks for 310 s or more on the backend, against 502.',
});
