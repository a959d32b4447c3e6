import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'traefik-upstream',
  name: 'Traefik serversTransport idleConnTimeout',
  vendor: 'Traefik Labs',
  kind: 'l7-proxy',
  legs: 'origin',
  protocol: 'tcp',
  idleTimeoutMs: 90_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'serversTransport.forwardingTimeouts.idleConnTimeout',
  source: {
    url: 'https://github.com/traefik/traefik/blob/83d83d7a4e27cfa4c0a23c0d2a9f63dc1fa1bd21/pkg/config/static/static_config.go',
    note: '90 s, recalled.',
    confidence: 'recalled',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
