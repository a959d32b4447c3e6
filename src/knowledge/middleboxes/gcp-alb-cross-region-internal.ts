import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Google cross-region internal Application LB, client side',
  vendor: 'Google',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 600_000,
  rangeMs: [5000, 600_000],
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'target proxy httpKeepAliveTimeoutSec',
  source: 'https://pub.dev/documentation/pulumi_gcp/latest/compute/TargetHttpProxy/httpKeepAliveTimeoutSec.html',
  note: '600 s, which is also the most.',
});
