import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'pfSense / OPNsense default',
  vendor: 'Netgate',
  kind: 'firewall',
  idleTimeoutMs: 86_400_000,
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: 'System > Advanced > Firewall & NAT > Firewall Optimization Options / State Timeouts',
  source: 'https://github.com/freebsd/freebsd-src/blob/bc5ed32bdcdc68524c022c3ae28172c6062fdc46/sbin/pfctl/pfctl.c',
  note: 'pf with the profile Normal; that it is shipped so is recalled.',
  confidence: 'recalled',
});
