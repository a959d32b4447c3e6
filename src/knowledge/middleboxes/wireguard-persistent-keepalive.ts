import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'wireguard-persistent-keepalive',
  name: 'WireGuard PersistentKeepalive rule of thumb',
  vendor: 'WireGuard',
  kind: 'vpn',
  protocol: 'udp',
  idleTimeoutMs: 25_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  configurableWith: 'PersistentKeepalive = 25 (0/off by default)',
  source: {
    url: null,
    note: '25 s keeps UDP NAT mappings open (NAT UDP timers are often 30 s); off unless set. The default-off part is recalled.',
    confidence: 'read-without-address',
  },
  keepalive: { refreshes: null, basis: 'unknown' },
} satisfies MiddleboxPreset;
