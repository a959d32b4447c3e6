import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Kong upstream keepalive pool',
  vendor: 'Kong',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 60_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith:
    'upstream_keepalive_idle_timeout, upstream_keepalive_pool_size (512), upstream_keepalive_max_requests (10000)',
  source: 'https://github.com/Kong/kong/blob/22246ef28c16842098369b494eef879222e30c7b/kong/templates/kong_defaults.lua',
  note: '60 s.',
});
