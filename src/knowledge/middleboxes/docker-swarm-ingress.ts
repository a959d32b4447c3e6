import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'docker-swarm-ingress',
  name: 'Docker Swarm ingress/VIP (IPVS)',
  vendor: 'Docker',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 900_000,
  rangeMs: null,
  expiry: { behaviour: 'rst', confidence: 'recalled' },
  configurableWith: 'no per-service knob; use endpoint_mode: dnsrr or keepalive under 900 s',
  source: {
    url: 'https://github.com/torvalds/linux/blob/0134e89c7bcc9fde1da962c82a120691e185619f/net/netfilter/ipvs/ip_vs_proto_tcp.c',
    note: 'Swarm VIPs are IPVS; the 900 s constant is read from the kernel, that Swarm uses IPVS unchanged is recalled.',
    confidence: 'recalled',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
