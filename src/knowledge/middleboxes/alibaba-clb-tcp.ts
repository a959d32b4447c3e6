import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Alibaba Cloud CLB (SLB) TCP listener',
  vendor: 'Alibaba Cloud',
  kind: 'l4-lb',
  idleTimeoutMs: 900_000,
  rangeMs: [10_000, 900_000],
  configurableWith: 'EstablishedTimeout',
  source:
    'https://github.com/aliyun/terraform-provider-alicloud/blob/cca5df8544fcb0218f26137ea8f729d0aec3828e/website/docs/r/slb_listener.html.markdown',
  note: '900 s, which is also the most.',
});
