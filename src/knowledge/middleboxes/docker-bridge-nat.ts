import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Docker bridge networking',
  vendor: 'Docker',
  kind: 'nat',
  idleTimeoutMs: 432_000_000,
  configurableWith: 'the sysctl of the host, as for linux-nf-conntrack',
  source: 'https://docs.kernel.org/_sources/networking/nf_conntrack-sysctl.rst.txt',
  note: "The host's netfilter, 5 days; that Docker sets no timeout is recalled.",
  confidence: 'recalled',
});
