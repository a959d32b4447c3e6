import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'linux-nf-conntrack-unacked',
  name: 'Linux conntrack while data is unacknowledged',
  vendor: 'Linux',
  kind: 'nat',
  protocol: 'tcp',
  idleTimeoutMs: 300_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'verified-by-reading' },
  configurableWith:
    'sysctl net.netfilter.nf_conntrack_tcp_timeout_unacknowledged / nf_conntrack_tcp_timeout_max_retrans',
  source: {
    url: 'https://github.com/torvalds/linux/blob/2c55d703391acf7e9101da596d0c15ee03b318a3/Documentation/networking/nf_conntrack-sysctl.rst',
    note: 'An established flow drops from 5 days to 300 s as soon as data stays unacknowledged or 3 retransmits pass unanswered.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
