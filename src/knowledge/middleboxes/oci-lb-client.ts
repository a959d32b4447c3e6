import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'oci-lb-client',
  name: 'Oracle Cloud load balancer, client keep-alive',
  vendor: 'Oracle',
  kind: 'l7-proxy',
  legs: 'client',
  protocol: 'tcp',
  idleTimeoutMs: 65_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'fixed',
  source: {
    url: 'https://docs.oracle.com/en-us/iaas/Content/Balance/Reference/connectionreuse.htm',
    note: '65 s idle or 10000 transactions, fixed.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
