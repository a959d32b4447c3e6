import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'CloudFront origin keep-alive',
  vendor: 'AWS',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 5000,
  rangeMs: [1000, 120_000],
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'OriginKeepaliveTimeout',
  source:
    'https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/cloudfront/aws.sdk.kotlin.services.cloudfront.model/-vpc-origin-config/origin-keepalive-timeout.html',
  note: '5 s, at most 120 s.',
});
