import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'render-proxy',
  name: 'Render edge proxy',
  vendor: 'Render',
  kind: 'l7-proxy',
  protocol: 'tcp',
  idleTimeoutMs: null,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  configurableWith: "make the app's keep-alive long (community uses 120 s)",
  source: {
    url: null,
    note: 'No published number was found; users set Node keepAliveTimeout 120000 to stop 502s.',
    confidence: 'recalled',
  },
  keepalive: { refreshes: null, basis: 'unknown' },
} satisfies MiddleboxPreset;
