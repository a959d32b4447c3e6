import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'a10-thunder-tcp',
  name: 'A10 Thunder slb template tcp',
  vendor: 'A10',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 120_000,
  rangeMs: [1000, 2_097_151_000],
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: 'slb template tcp <n> / idle-timeout <s>; reset-fwd / reset-rev for RST',
  source: {
    url: null,
    note: '120 s; recalled, no A10 page was read.',
    confidence: 'recalled',
  },
  keepalive: { refreshes: null, basis: 'unknown' },
} satisfies MiddleboxPreset;
