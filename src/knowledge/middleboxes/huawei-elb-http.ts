import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'huawei-elb-http',
  name: 'Huawei Cloud ELB HTTP(S) listener',
  vendor: 'Huawei Cloud',
  kind: 'l7-proxy',
  legs: 'client',
  protocol: 'tcp',
  idleTimeoutMs: 60_000,
  rangeMs: [0, 4_000_000],
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'keepalive_timeout',
  source: {
    url: 'https://support.huaweicloud.com/intl/th-th/elb_faq/elb_faq_0309.html',
    note: '60 s.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
