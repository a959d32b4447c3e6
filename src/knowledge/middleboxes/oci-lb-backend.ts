import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'oci-lb-backend',
  name: 'Oracle Cloud load balancer, backend keep-alive',
  vendor: 'Oracle',
  kind: 'l7-proxy',
  legs: 'origin',
  protocol: 'tcp',
  idleTimeoutMs: 300_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'fixed; backends must hold idle connections at least 310 s',
  source: {
    url: 'https://docs.cloud.oracle.com/iaas/Content/Balance/Reference/connectionreuse.htm',
    note: '300 s fixed; ignores backend keep-alive hints; Oracle prescribes >= 310 s on the backend against 502s.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
