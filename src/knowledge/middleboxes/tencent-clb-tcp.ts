import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Tencent Cloud CLB TCP listener',
  vendor: 'Tencent Cloud',
  kind: 'l4-lb',
  idleTimeoutMs: 900_000,
  rangeMs: [10_000, 1_980_000],
  configurableWith:
    'IdleConnectTimeout (shared instances: at most 900); a RST to both ends is an option of the listener',
  source: 'https://tencentcloud.com/document/product/214/32517',
  note: '900 s (UDP 300 s) in the SDK; older ones: 300 to 900, and 300 to 2000.',
});
