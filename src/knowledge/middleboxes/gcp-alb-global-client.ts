import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'gcp-alb-global-client',
  name: 'Google global external Application LB, client side',
  vendor: 'Google',
  kind: 'l7-proxy',
  legs: 'client',
  protocol: 'tcp',
  idleTimeoutMs: 610_000,
  rangeMs: [5000, 1_200_000],
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'target proxy httpKeepAliveTimeoutSec',
  source: {
    url: 'https://pub.dev/documentation/pulumi_gcp/latest/compute/TargetHttpProxy/httpKeepAliveTimeoutSec.html',
    note: '610 s default, 5-1200.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
