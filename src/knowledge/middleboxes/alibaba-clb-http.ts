import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Alibaba Cloud CLB HTTP(S) listener',
  vendor: 'Alibaba Cloud',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 15_000,
  rangeMs: [1000, 60_000],
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'IdleTimeout',
  source:
    'https://github.com/aliyun/terraform-provider-alicloud/blob/cca5df8544fcb0218f26137ea8f729d0aec3828e/website/docs/r/slb_listener.html.markdown',
  note: '15 s default.',
});
