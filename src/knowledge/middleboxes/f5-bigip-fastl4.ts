import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'F5 BIG-IP FastL4 profile',
  vendor: 'F5',
  kind: 'l4-lb',
  idleTimeoutMs: 300_000,
  expiry: { behaviour: 'rst', confidence: 'verified-by-reading' },
  configurableWith:
    'ltm profile fastl4 idle-timeout <s|indefinite>, reset-on-timeout enabled|disabled, keep-alive-interval <s>',
  source:
    'https://clouddocs.f5.com/products/extensions/f5-appsvcs-extension/latest/refguide/schemaref/L4_Profile.schema.json.html',
  note: '300 s with reset-on-timeout; own keepalive is off, and so is loose initialization, which would take mid-stream packets.',
});
