import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'checkpoint-gateway',
  name: 'Check Point Security Gateway TCP session timeout',
  vendor: 'Check Point',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 3_600_000,
  rangeMs: null,
  expiry: { behaviour: 'silent-drop', confidence: 'verified-by-reading' },
  configurableWith:
    'Global Properties > Stateful Inspection > TCP session timeout, or per service object (Advanced > session timeout); optional RST on expiry (kernel parameter, see sk19746 - recalled)',
  source: {
    url: 'https://community.checkpoint.com/t5/General-Topics/Long-lived-TCP-connection-got-timed-out-ungracefully-First/td-p/36459',
    note: "60 min; the entry disappears without notifying either end and the next packet is dropped as out of state ('First packet isn't SYN'). A FIN cannot be produced; a RST to both sides can be switched on.",
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: true, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
