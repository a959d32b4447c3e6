import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'AWS Global Accelerator',
  vendor: 'AWS',
  kind: 'l4-lb',
  idleTimeoutMs: 340_000,
  keepalive: { refreshes: false, basis: 'read' },
  configurableWith: 'not configurable',
  source: 'https://docs.aws.amazon.com/global-accelerator/latest/dg/introduction-how-it-works.html',
  note: '340 s (UDP 30 s). It terminates TCP at the edge, so only data counts, no probe. Until then a flow stays with its endpoint, even an unhealthy one.',
});
