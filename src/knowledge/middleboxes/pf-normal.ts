import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'pf (OpenBSD/FreeBSD), optimization normal',
  vendor: 'OpenBSD/FreeBSD',
  kind: 'firewall',
  idleTimeoutMs: 86_400_000,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith:
    'set timeout tcp.established <s>; set optimization normal|high-latency|aggressive|conservative; a RST for blocked packets: set block-policy return',
  source: 'https://github.com/freebsd/freebsd-src/blob/bc5ed32bdcdc68524c022c3ae28172c6062fdc46/sbin/pfctl/pfctl.c',
  note: '24 h, for normal and high-latency. Adaptive timeouts are on: above 60 % of the state limit all shrink, to zero at 120 %, so a busy box forgets much sooner (pf.conf(5)).',
});
