import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'aws-alb',
  name: 'AWS Application Load Balancer',
  vendor: 'AWS',
  kind: 'l7-proxy',
  legs: 'both',
  protocol: 'tcp',
  idleTimeoutMs: 60_000,
  rangeMs: [1000, 4_000_000],
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith:
    'load balancer attribute idle_timeout.timeout_seconds; client_keep_alive.seconds for max client connection age',
  source: {
    url: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html',
    note: '60 s for both legs. The guide asks for an application timeout larger than this, otherwise a request can meet a closing target connection and become a 502. HTTP/2 PING does not reset it. Range and FIN are recalled.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
