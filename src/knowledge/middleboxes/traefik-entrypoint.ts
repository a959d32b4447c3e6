import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Traefik entry point idleTimeout',
  vendor: 'Traefik Labs',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 180_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'entryPoints.<n>.transport.respondingTimeouts.idleTimeout',
  source:
    'https://github.com/traefik/traefik/blob/83d83d7a4e27cfa4c0a23c0d2a9f63dc1fa1bd21/pkg/config/static/static_config.go',
  note: '180 s.',
});
