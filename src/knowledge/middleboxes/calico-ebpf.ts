import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Calico eBPF data plane conntrack',
  vendor: 'Tigera',
  kind: 'cni',
  idleTimeoutMs: 3_600_000,
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  closing: { synSentMs: 20_000, afterFinsMs: 30_000, afterResetMs: 40_000 },
  configurableWith: 'FelixConfiguration bpfConntrackTimeouts.tcpEstablished (auto: that of the sysctl)',
  source:
    'https://github.com/projectcalico/calico/blob/87c15906f20c4ca1fda55af92295e7678b0cc0b2/felix/bpf/conntrack/timeouts/timeouts.go',
  note: '1 h; 30 s after FINs, 40 s after a RST, 20 s in SYN_SENT. The iptables and nftables data planes use the conntrack of the kernel, 5 days.',
});
