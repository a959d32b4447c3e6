import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'gcp-alb-cross-region-internal',
  name: 'Google cross-region internal Application LB, client side',
  vendor: 'Google',
  kind: 'l7-proxy',
  legs: 'client',
  protocol: 'tcp',
  idleTimeoutMs: 600_000,
  rangeMs: [5000, 600_000],
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'target proxy httpKeepAliveTimeoutSec',
  source: {
    url: 'https://pub.dev/documentation/pulumi_gcp/latest/compute/TargetHttpProxy/httpKeepAliveTimeoutSec.html',
    note: '600 s default and maximum.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
