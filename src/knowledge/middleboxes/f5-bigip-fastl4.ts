import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'f5-bigip-fastl4',
  name: 'F5 BIG-IP FastL4 profile',
  vendor: 'F5',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 300_000,
  rangeMs: null,
  expiry: { behaviour: 'rst', confidence: 'verified-by-reading' },
  configurableWith:
    'ltm profile fastl4 idle-timeout <s|indefinite>, reset-on-timeout enabled|disabled, keep-alive-interval <s>',
  source: {
    url: 'https://clouddocs.f5.com/products/extensions/f5-appsvcs-extension/latest/refguide/schemaref/L4_Profile.schema.json.html',
    note: '300 s; reset on timeout defaults to true, own keepalive probing defaults to off, mid-stream pickup (loose initialization) off.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
