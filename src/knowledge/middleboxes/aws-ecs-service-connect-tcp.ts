import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'ECS Service Connect, TCP',
  vendor: 'AWS',
  kind: 'l7-proxy',
  legs: 'tcp',
  idleTimeoutMs: 3_600_000,
  configurableWith: 'serviceConnectConfiguration timeout.idleTimeoutSeconds (0 disables)',
  source:
    'https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/ecs/aws.sdk.kotlin.services.ecs.model/-timeout-configuration/idle-timeout-seconds.html',
  note: '1 h for TCP.',
});
