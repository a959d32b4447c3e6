import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'ipvs-tcp',
  name: 'Linux IPVS (LVS, kube-proxy ipvs mode)',
  vendor: 'Linux',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 900_000,
  rangeMs: null,
  expiry: { behaviour: 'rst', confidence: 'recalled' },
  configurableWith: 'ipvsadm --set <tcp> <tcpfin> <udp>; kube-proxy --ipvs-tcp-timeout=<dur> (0 = leave as is)',
  source: {
    url: 'https://github.com/torvalds/linux/blob/0134e89c7bcc9fde1da962c82a120691e185619f/net/netfilter/ipvs/ip_vs_proto_tcp.c',
    note: 'Established entries live 15 min. Later packets no longer match a connection and typically reach the local stack, which resets (recalled).',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
