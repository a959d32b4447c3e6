import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'OpenWrt default sysctl',
  vendor: 'OpenWrt',
  kind: 'nat',
  idleTimeoutMs: 7_440_000,
  configurableWith: 'net.netfilter.nf_conntrack_tcp_timeout_established in /etc/sysctl.d/',
  source:
    'https://github.com/openwrt/openwrt/blob/e3c8ddb30809c64f4a2fb547a54f60b3bff84816/package/kernel/linux/files/sysctl-nf-conntrack.conf',
  note: '2 h 4 min, the least of RFC 5382: just above the 2 h of the kernel.',
});
