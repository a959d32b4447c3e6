import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Google internal passthrough NLB connection tracking',
  vendor: 'Google',
  kind: 'l4-lb',
  idleTimeoutMs: 600_000,
  rangeMs: [600_000, 57_600_000],
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith:
    'backend service connectionTrackingPolicy.idleTimeoutSec (only when less than the 5-tuple is tracked)',
  note: '10 min, up to 16 h.',
  confidence: 'read-without-address',
});
