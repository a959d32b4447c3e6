import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: "pf with 'set optimization conservative'",
  vendor: 'OpenBSD/FreeBSD',
  kind: 'firewall',
  idleTimeoutMs: 432_000_000,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith: 'set optimization conservative',
  source: 'https://github.com/freebsd/freebsd-src/blob/bc5ed32bdcdc68524c022c3ae28172c6062fdc46/sbin/pfctl/pfctl.c',
  note: 'tcp.established is 5 days.',
});
