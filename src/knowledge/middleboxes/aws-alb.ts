import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'AWS Application Load Balancer',
  vendor: 'AWS',
  kind: 'l7-proxy',
  legs: 'both',
  idleTimeoutMs: 60_000,
  rangeMs: [1000, 4_000_000],
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith:
    'load balancer attribute idle_timeout.timeout_seconds; client_keep_alive.seconds for max client connection age',
  source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html',
  note: '60 s on both legs. The target must idle longer, or a request meets its close and becomes a 502. HTTP/2 PING does not count. client_keep_alive.seconds (3600, from 60 to 604800) limits the age of client connections. The FIN is recalled.',
});
