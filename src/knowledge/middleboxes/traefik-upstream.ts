import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Traefik serversTransport idleConnTimeout',
  vendor: 'Traefik Labs',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 90_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'serversTransport.forwardingTimeouts.idleConnTimeout',
  source:
    'https://github.com/traefik/traefik/blob/fd5a576df2e8aeb0bfc8a96b6ef6e60a61f7ec0a/pkg/config/static/static_config.go',
  note: '90 s.',
});
