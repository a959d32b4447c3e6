import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Huawei Cloud ELB HTTP(S) listener',
  vendor: 'Huawei Cloud',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 60_000,
  rangeMs: [0, 4_000_000],
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'keepalive_timeout',
  source: 'https://support.huaweicloud.com/intl/en-us/elb_faq/elb_faq_0309.html',
  note: '60 s.',
});
