import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Amazon RDS Proxy, client connections',
  vendor: 'AWS',
  kind: 'l7-proxy',
  legs: null,
  idleTimeoutMs: 1_800_000,
  rangeMs: [60_000, 28_800_000],
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  configurableWith: 'aws rds modify-db-proxy --idle-client-timeout <s>',
  note: "1800 s in AWS's example output, at most 28800 s; the least is recalled.",
  confidence: 'read-without-address',
});
