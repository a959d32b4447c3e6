import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'aws-cloudfront-origin',
  name: 'CloudFront origin keep-alive',
  vendor: 'AWS',
  kind: 'l7-proxy',
  legs: 'origin',
  protocol: 'tcp',
  idleTimeoutMs: 5000,
  rangeMs: [1000, 120_000],
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'OriginKeepaliveTimeout',
  source: {
    url: 'https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/cloudfront/aws.sdk.kotlin.services.cloudfront.model/-vpc-origin-config/origin-keepalive-timeout.html',
    note: '5 s by default, up to 120 s.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
