import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'ECS Service Connect, HTTP/HTTP2/gRPC',
  vendor: 'AWS',
  kind: 'l7-proxy',
  legs: 'both',
  idleTimeoutMs: 300_000,
  configurableWith: 'serviceConnectConfiguration timeout.idleTimeoutSeconds (0 disables)',
  source:
    'https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/ecs/aws.sdk.kotlin.services.ecs.model/-timeout-configuration/idle-timeout-seconds.html',
  note: '5 min for HTTP and what is built on it.',
});
