import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'IIS / http.sys connectionTimeout',
  vendor: 'Microsoft',
  kind: 'l7-proxy',
  legs: 'client',
  idleTimeoutMs: 120_000,
  expiry: { behaviour: 'rst', confidence: 'recalled' },
  configurableWith:
    'appcmd set config -section:system.applicationHost/sites /siteDefaults.limits.connectionTimeout:00:02:00',
  note: '120 s; recalled. A RST rather than a FIN is reported (zatosource/zato issue 465).',
  confidence: 'recalled',
});
