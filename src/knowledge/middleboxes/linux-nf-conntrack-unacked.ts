import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Linux conntrack while data is unacknowledged',
  vendor: 'Linux',
  kind: 'nat',
  idleTimeoutMs: 300_000,
  configurableWith:
    'sysctl net.netfilter.nf_conntrack_tcp_timeout_unacknowledged / nf_conntrack_tcp_timeout_max_retrans',
  source:
    'https://github.com/torvalds/linux/blob/2c55d703391acf7e9101da596d0c15ee03b318a3/Documentation/networking/nf_conntrack-sysctl.rst',
  note: '5 days become 300 s when data stays unacknowledged, or after 3 retransmissions without an answer.',
});
