import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Linux IPVS (LVS, kube-proxy ipvs mode)',
  vendor: 'Linux',
  kind: 'l4-lb',
  idleTimeoutMs: 900_000,
  expiry: { behaviour: 'rst', confidence: 'recalled' },
  closing: {
    synReceivedMs: 60_000,
    finWaitMs: 120_000,
    halfClosedMs: 60_000,
    lastAckMs: 30_000,
    afterFinsMs: 120_000,
    afterResetMs: 10_000,
  },
  configurableWith: 'ipvsadm --set <tcp> <tcpfin> <udp>; kube-proxy --ipvs-tcp-timeout=<dur> (0 leaves it)',
  source:
    'https://github.com/torvalds/linux/blob/0134e89c7bcc9fde1da962c82a120691e185619f/net/netfilter/ipvs/ip_vs_proto_tcp.c',
  note: '15 min for established entries. Later packets reach the local stack, which resets them (recalled).',
});
