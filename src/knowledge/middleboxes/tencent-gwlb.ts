import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Tencent Cloud Gateway LB target group',
  vendor: 'Tencent Cloud',
  kind: 'l4-lb',
  idleTimeoutMs: 350_000,
  rangeMs: [60_000, 6_000_000],
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: 'TcpIdleConnectTimeout',
  note: '350 s, from 60 to 6000, by a comment in the SDK.',
  confidence: 'read-without-address',
});
