import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Amazon API Gateway WebSocket API',
  vendor: 'AWS',
  kind: 'l7-proxy',
  legs: null,
  idleTimeoutMs: 600_000,
  configurableWith: 'not configurable; an application ping below 10 min',
  source: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html',
  note: '10 min without a message, 2 h in all. HTTP and REST: 29 s or 30 s for the integration.',
});
