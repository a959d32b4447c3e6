import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'tencent-clb-tcp',
  name: 'Tencent Cloud CLB TCP listener',
  vendor: 'Tencent Cloud',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 900_000,
  rangeMs: [10_000, 1_980_000],
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: 'IdleConnectTimeout (shared instances cap at 900); two-way RST is a separate listener option',
  source: {
    url: 'https://tencentcloud.com/document/product/214/32517',
    note: '900 s TCP, 300 s UDP per the SDK docs; older SDKs gave 300-900 / 300-2000.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
