import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'pf-conservative',
  name: "pf with 'set optimization conservative'",
  vendor: 'OpenBSD/FreeBSD',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 432_000_000,
  rangeMs: null,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith: 'set optimization conservative',
  source: {
    url: 'https://github.com/freebsd/freebsd-src/blob/bc5ed32bdcdc68524c022c3ae28172c6062fdc46/sbin/pfctl/pfctl.c',
    note: 'tcp.established rises to 5 days.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
