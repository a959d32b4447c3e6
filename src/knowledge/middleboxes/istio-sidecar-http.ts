import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'istio-sidecar-http',
  name: 'Istio DestinationRule connectionPool.http.idleTimeout',
  vendor: 'Istio',
  kind: 'l7-proxy',
  legs: 'both',
  protocol: 'tcp',
  idleTimeoutMs: 3_600_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'trafficPolicy.connectionPool.http.idleTimeout',
  source: {
    url: 'https://github.com/istio/api/blob/8778dbefe363c8f51b7a7c55fd0141eafc675358/networking/v1alpha3/destination_rule.proto',
    note: 'Inherits 1 h.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
