import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'gcp-passthrough-nlb-external',
  name: 'Google external passthrough NLB connection tracking',
  vendor: 'Google',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 60_000,
  rangeMs: [60_000, 57_600_000],
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  configurableWith: 'backend service connectionTrackingPolicy.idleTimeoutSec',
  source: {
    url: null,
    note: '60 s default; an expired entry re-hashes, which is harmless while the backend set is stable.',
    confidence: 'read-without-address',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
