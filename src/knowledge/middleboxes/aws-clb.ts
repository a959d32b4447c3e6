import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'aws-clb',
  name: 'AWS Classic Load Balancer',
  vendor: 'AWS',
  kind: 'l7-proxy',
  legs: 'both',
  protocol: 'tcp',
  idleTimeoutMs: 60_000,
  rangeMs: [1000, 3_600_000],
  expiry: { behaviour: 'fin', confidence: 'verified-by-reading' },
  configurableWith: 'ConnectionSettings.IdleTimeout',
  source: {
    url: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/config-idle-timeout.html',
    note: '60 s. TCP keepalive probes do NOT count as activity because they carry no payload; backend HTTP keep-alive should exceed the LB value. FIN at expiry.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'read' },
} satisfies MiddleboxPreset;
