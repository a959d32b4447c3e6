import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'pf-normal',
  name: 'pf (OpenBSD/FreeBSD), optimization normal',
  vendor: 'OpenBSD/FreeBSD',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 86_400_000,
  rangeMs: null,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith:
    'set timeout tcp.established <s>; set optimization normal|high-latency|aggressive|conservative; set block-policy return makes blocked packets answer with RST',
  source: {
    url: 'https://github.com/freebsd/freebsd-src/blob/bc5ed32bdcdc68524c022c3ae28172c6062fdc46/sbin/pfctl/pfctl.c',
    note: '24 h for normal and high-latency. Adaptive timeouts are ON by default: above 60 % of the state limit all timeouts shrink linearly (to zero at 120 %), so the effective value can be far lower on a busy box (pf.conf(5)).',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
