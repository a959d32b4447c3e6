import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'WireGuard PersistentKeepalive rule of thumb',
  vendor: 'WireGuard',
  kind: 'vpn',
  protocol: 'udp',
  idleTimeoutMs: 25_000,
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  keepalive: { refreshes: null, basis: 'unknown' },
  configurableWith: 'PersistentKeepalive = 25 (0, the default, is off)',
  note: '25 s hold the UDP mapping of a NAT, often 30 s. Off unless set (recalled).',
  confidence: 'read-without-address',
});
