import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Alibaba Cloud Firewall explicit proxy, CONNECT tunnel',
  vendor: 'Alibaba Cloud',
  kind: 'l7-proxy',
  legs: 'tcp',
  idleTimeoutMs: 300_000,
  configurableWith: 'not yet configurable',
  source:
    'https://help.aliyun.com/en/cloud-firewall/cloudfirewall/explicit-proxy-firewall-connection-and-timeout-explanation',
  note: 'A tunnel without data in either direction 300 s; idle HTTP connections 3600 s.',
});
