import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Google external passthrough NLB connection tracking',
  vendor: 'Google',
  kind: 'l4-lb',
  idleTimeoutMs: 60_000,
  rangeMs: [60_000, 57_600_000],
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  configurableWith: 'backend service connectionTrackingPolicy.idleTimeoutSec',
  note: '60 s. Then the flow is hashed anew, which does no harm while the backends stay the same.',
  confidence: 'read-without-address',
});
