import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'heroku-router-stream',
  name: 'Heroku router, silent stream',
  vendor: 'Heroku',
  kind: 'l7-proxy',
  protocol: 'tcp',
  idleTimeoutMs: 55_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'not configurable',
  source: {
    url: 'https://devcenter.heroku.com/articles/request-timeout',
    note: '30 s for the first byte, afterwards any 55 s without bytes ends the connection (H15/H28).',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
