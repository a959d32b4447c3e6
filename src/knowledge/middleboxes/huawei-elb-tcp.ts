import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Huawei Cloud ELB TCP listener',
  vendor: 'Huawei Cloud',
  kind: 'l4-lb',
  idleTimeoutMs: 300_000,
  rangeMs: [10_000, 4_000_000],
  configurableWith: 'keepalive_timeout',
  source: 'https://support.huaweicloud.com/intl/en-us/elb_faq/elb_faq_0309.html',
  note: '300 s.',
});
