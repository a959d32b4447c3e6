import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'openwrt',
  name: 'OpenWrt default sysctl',
  vendor: 'OpenWrt',
  kind: 'nat',
  protocol: 'tcp',
  idleTimeoutMs: 7_440_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith: 'net.netfilter.nf_conntrack_tcp_timeout_established in /etc/sysctl.d/',
  source: {
    url: 'https://github.com/openwrt/openwrt/blob/e3c8ddb30809c64f4a2fb547a54f60b3bff84816/package/kernel/linux/files/sysctl-nf-conntrack.conf',
    note: 'Exactly the RFC 5382 floor: 2 h 4 min, i.e. just above the 2 h kernel keepalive default.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
