import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'cilium-ct-tcp',
  name: 'Cilium eBPF connection tracking, TCP',
  vendor: 'Isovalent/Cilium',
  kind: 'cni',
  protocol: 'tcp',
  idleTimeoutMs: 8_000_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith:
    'cilium-agent --bpf-ct-timeout-regular-tcp=<dur> and --bpf-ct-timeout-service-tcp=<dur> (Helm extraConfig)',
  source: {
    url: 'https://github.com/cilium/cilium/blob/8e7499ee2fde6f3b518f08f7aa7b96da572b1398/pkg/option/config.go',
    note: 'Current default 2h13m20s; releases before the change used 21600 s (6 h). When the CT entry goes its SNAT entry goes too.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
