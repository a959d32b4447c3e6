import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'mikrotik-routeros',
  name: 'RouterOS connection tracking',
  vendor: 'MikroTik',
  kind: 'nat',
  protocol: 'tcp',
  idleTimeoutMs: 86_400_000,
  rangeMs: null,
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: '/ip firewall connection tracking set tcp-established-timeout=<time>',
  source: {
    url: 'https://wiki.mikrotik.com/index.php?title=Manual:IP/Firewall/Connection_tracking&diff=21013&oldid=21012',
    note: '1 day. Old RouterOS 2.9 manual adds that the ceiling shrinks as the table fills.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
