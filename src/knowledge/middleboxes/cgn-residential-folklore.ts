import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'cgn-residential-folklore',
  name: 'Carrier/CGN reports',
  vendor: 'various',
  kind: 'nat',
  protocol: 'tcp',
  idleTimeoutMs: 300_000,
  rangeMs: null,
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  configurableWith: null,
  source: {
    url: 'https://dev.materialize.com/api/rust/mz_ssh_util/tunnel/constant.DEFAULT_KEEPALIVES_IDLE.html',
    note: 'No standard number; Materialize picked a 10 s probe idle because 30 s middlebox idles occur in practice. 300 s is a planning guess.',
    confidence: 'recalled',
  },
  keepalive: { refreshes: null, basis: 'unknown' },
} satisfies MiddleboxPreset;
