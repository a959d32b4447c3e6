import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'kube-proxy (iptables/nftables mode) conntrack setting',
  vendor: 'Kubernetes',
  kind: 'cni',
  idleTimeoutMs: 86_400_000,
  closing: {
    halfClosedMs: 3_600_000,
    source:
      'https://github.com/torvalds/linux/blob/2c55d703391acf7e9101da596d0c15ee03b318a3/Documentation/networking/nf_conntrack-sysctl.rst',
    confidence: 'verified-by-reading',
  },
  configurableWith:
    'kube-proxy --conntrack-tcp-timeout-established=<dur> (conntrack.tcpEstablishedTimeout; 0 leaves the sysctl as it is)',
  source:
    'https://github.com/kubernetes/website/blob/0189ae0f6bf2a79ff2e4bfd5f9ec0da98d64c5d2/content/en/docs/reference/command-line-tools-reference/kube-proxy.md',
  note: 'kube-proxy sets 24 h on its node, and 1 h for CLOSE_WAIT.',
});
