import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Linux netfilter conntrack, established',
  vendor: 'Linux',
  kind: 'nat',
  idleTimeoutMs: 432_000_000,
  closing: {
    synSentMs: 120_000,
    synReceivedMs: 60_000,
    finWaitMs: 120_000,
    halfClosedMs: 60_000,
    lastAckMs: 30_000,
    afterFinsMs: 120_000,
    afterResetMs: 10_000,
    unacknowledgedMs: 300_000,
  },
  configurableWith:
    "sysctl net.netfilter.nf_conntrack_tcp_timeout_established=<s>; per flow: an nftables 'ct timeout' object, or nfct; nf_conntrack_tcp_loose=1, the default, takes mid-stream packets",
  source:
    'https://github.com/torvalds/linux/blob/2c55d703391acf7e9101da596d0c15ee03b318a3/Documentation/networking/nf_conntrack-sysctl.rst',
  note: '5 days. With tcp_loose, plain filtering often survives expiry. A lost DNAT or SNAT mapping does not come back, so the packet can reach the wrong socket and get a RST. nf_flowtable_tcp_timeout (30 s) only ends the offload.',
});
