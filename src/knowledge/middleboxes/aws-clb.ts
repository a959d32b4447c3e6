import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'AWS Classic Load Balancer',
  vendor: 'AWS',
  kind: 'l7-proxy',
  legs: 'both',
  idleTimeoutMs: 60_000,
  rangeMs: [1000, 3_600_000],
  expiry: { behaviour: 'fin', confidence: 'verified-by-reading' },
  keepalive: { refreshes: false, basis: 'read' },
  configurableWith: 'ConnectionSettings.IdleTimeout',
  source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/config-idle-timeout.html',
  note: '60 s, then a FIN. Probes without payload do not count; keep-alive of the backend must be longer.',
});
