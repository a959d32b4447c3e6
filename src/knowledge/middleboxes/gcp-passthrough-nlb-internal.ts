import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'gcp-passthrough-nlb-internal',
  name: 'Google internal passthrough NLB connection tracking',
  vendor: 'Google',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 600_000,
  rangeMs: [600_000, 57_600_000],
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: 'backend service connectionTrackingPolicy.idleTimeoutSec (only with less than 5-tuple tracking)',
  source: {
    url: null,
    note: '10 min, up to 16 h.',
    confidence: 'read-without-address',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
