import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'kube-proxy-conntrack',
  name: 'kube-proxy (iptables/nftables mode) conntrack setting',
  vendor: 'Kubernetes',
  kind: 'cni',
  protocol: 'tcp',
  idleTimeoutMs: 86_400_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith:
    'kube-proxy --conntrack-tcp-timeout-established=<dur> (config: conntrack.tcpEstablishedTimeout; 0 leaves the sysctl alone)',
  source: {
    url: 'https://github.com/kubernetes/website/blob/0189ae0f6bf2a79ff2e4bfd5f9ec0da98d64c5d2/content/en/docs/reference/command-line-tools-reference/kube-proxy.md',
    note: 'kube-proxy lowers the node sysctl to 24 h (close-wait 1 h).',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
