import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'openvpn-keepalive',
  name: 'OpenVPN tunnel keepalive',
  vendor: 'OpenVPN',
  kind: 'vpn',
  protocol: 'udp',
  idleTimeoutMs: 60_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  configurableWith: 'keepalive 10 60 (ping / ping-restart); inactive <s>',
  source: {
    url: null,
    note: 'Tunnel liveness, not a per-TCP-flow timer; recalled.',
    confidence: 'recalled',
  },
  keepalive: { refreshes: null, basis: 'unknown' },
} satisfies MiddleboxPreset;
