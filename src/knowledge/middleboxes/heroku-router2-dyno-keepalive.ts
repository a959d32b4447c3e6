import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'heroku-router2-dyno-keepalive',
  name: 'Heroku Router 2.0 to dyno keep-alive',
  vendor: 'Heroku',
  kind: 'l7-proxy',
  legs: 'origin',
  protocol: 'tcp',
  idleTimeoutMs: 90_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'labs feature http-disable-keepalive-to-dyno turns reuse off',
  source: {
    url: 'https://github.com/heroku/python-getting-started/pull/261',
    note: 'Router 2.0 reuses dyno connections for up to 90 s idle; Heroku raised its own template to 100 s in gunicorn.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
