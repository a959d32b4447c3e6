import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Heroku Router 2.0 to dyno keep-alive',
  vendor: 'Heroku',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 90_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'labs feature http-disable-keepalive-to-dyno switches reuse off',
  source: 'https://github.com/heroku/python-getting-started/pull/261',
  note: 'Up to 90 s idle; Heroku set 100 s in its own gunicorn template.',
});
