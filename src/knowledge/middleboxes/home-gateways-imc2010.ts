import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'home-gateways-imc2010',
  name: 'Home gateways measured (Hatonen et al., IMC 2010)',
  vendor: 'various',
  kind: 'nat',
  protocol: 'tcp',
  idleTimeoutMs: 3_600_000,
  rangeMs: [239_000, 86_400_000],
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: null,
  source: {
    url: 'https://www.cs.helsinki.fi/group/wiseciti/nat-study/index.html',
    note: '34 devices; median around an hour, shortest about 4 min, over half below the RFC floor. The page read confirms study and device count, the TCP numbers are recalled.',
    confidence: 'recalled',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
