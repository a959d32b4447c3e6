import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Cilium eBPF connection tracking, TCP',
  vendor: 'Isovalent/Cilium',
  kind: 'cni',
  idleTimeoutMs: 8_000_000,
  closing: {
    handshakeMs: 60_000,
    afterFinsMs: 10_000,
    source:
      'https://github.com/cilium/cilium/blob/0036b1f4dd79a843cb93e1071f152bcaf9c5b31b/Documentation/cmdref/cilium-agent.md',
    confidence: 'verified-by-reading',
  },
  configurableWith:
    'cilium-agent --bpf-ct-timeout-regular-tcp=<dur> and --bpf-ct-timeout-service-tcp=<dur> (Helm extraConfig)',
  source: 'https://github.com/cilium/cilium/blob/8e7499ee2fde6f3b518f08f7aa7b96da572b1398/pkg/option/config.go',
  note: '2 h 13 m 20 s now, 6 h in older releases. The SNAT entry goes with it.',
});
