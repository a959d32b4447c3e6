import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'RouterOS connection tracking',
  vendor: 'MikroTik',
  kind: 'nat',
  idleTimeoutMs: 86_400_000,
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: '/ip firewall connection tracking set tcp-established-timeout=<time>',
  source: 'https://wiki.mikrotik.com/index.php?title=Manual:IP/Firewall/Connection_tracking&diff=21013&oldid=21012',
  note: '1 day. An old manual (2.9) adds that a full table lowers it.',
});
