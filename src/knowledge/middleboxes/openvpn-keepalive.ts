import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'OpenVPN tunnel keepalive',
  vendor: 'OpenVPN',
  kind: 'vpn',
  protocol: 'udp',
  idleTimeoutMs: 60_000,
  keepalive: { refreshes: null, basis: 'unknown' },
  configurableWith: 'keepalive 10 60 (ping / ping-restart); inactive <s>',
  note: 'Whether the tunnel lives, no timer of a TCP flow; recalled.',
  confidence: 'recalled',
});
