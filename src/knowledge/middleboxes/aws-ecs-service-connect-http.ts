import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'aws-ecs-service-connect-http',
  name: 'ECS Service Connect, HTTP/HTTP2/gRPC',
  vendor: 'AWS',
  kind: 'l7-proxy',
  legs: 'both',
  protocol: 'tcp',
  idleTimeoutMs: 300_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: 'serviceConnectConfiguration timeout.idleTimeoutSeconds (0 disables)',
  source: {
    url: 'https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/ecs/aws.sdk.kotlin.services.ecs.model/-timeout-configuration/idle-timeout-seconds.html',
    note: '5 min for HTTP-family protocols.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
