import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'RFC 5382 REQ-5 minimum for established TCP',
  vendor: 'IETF',
  kind: 'nat',
  idleTimeoutMs: 7_440_000,
  keepalive: { refreshes: null, basis: 'unknown' },
  source: 'https://www.rfc-editor.org/rfc/rfc5382.html#section-5',
  note: 'What a NAT must keep at least when it cannot see whether the ends live: 2 h 4 min, and 4 min for transitory connections. Chosen to outlast the 2 h of TCP keepalive; few cloud devices reach it.',
});
