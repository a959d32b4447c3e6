import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'linux-nf-conntrack',
  name: 'Linux netfilter conntrack, established',
  vendor: 'Linux',
  kind: 'nat',
  protocol: 'tcp',
  idleTimeoutMs: 432_000_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith:
    "sysctl net.netfilter.nf_conntrack_tcp_timeout_established=<s>; per flow: nftables 'ct timeout' object or nfct; nf_conntrack_tcp_loose=1 (default) lets mid-stream packets re-create an entry",
  source: {
    url: 'https://github.com/torvalds/linux/blob/2c55d703391acf7e9101da596d0c15ee03b318a3/Documentation/networking/nf_conntrack-sysctl.rst',
    note: '5 days. With tcp_loose on, plain filtering often survives expiry, but a DNAT/SNAT mapping that is gone is not recovered, so the packet may reach the wrong socket and earn a RST. nf_flowtable_tcp_timeout (30 s) only ages the offload and hands the flow back to conntrack.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
