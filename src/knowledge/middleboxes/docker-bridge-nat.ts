import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'docker-bridge-nat',
  name: 'Docker bridge networking',
  vendor: 'Docker',
  kind: 'nat',
  protocol: 'tcp',
  idleTimeoutMs: 432_000_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  configurableWith: 'same host sysctl as nf_conntrack',
  source: {
    url: 'https://docs.kernel.org/_sources/networking/nf_conntrack-sysctl.rst.txt',
    note: 'Docker relies on the host netfilter table and sets no timeout of its own (recalled); number from kernel doc.',
    confidence: 'recalled',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
