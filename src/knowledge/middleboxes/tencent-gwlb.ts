import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'tencent-gwlb',
  name: 'Tencent Cloud Gateway LB target group',
  vendor: 'Tencent Cloud',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 350_000,
  rangeMs: [60_000, 6_000_000],
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: 'TcpIdleConnectTimeout',
  source: {
    url: null,
    note: 'SDK comment: 60-6000 s, default 350 s.',
    confidence: 'read-without-address',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
