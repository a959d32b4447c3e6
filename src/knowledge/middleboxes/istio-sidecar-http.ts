import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Istio DestinationRule connectionPool.http.idleTimeout',
  vendor: 'Istio',
  kind: 'l7-proxy',
  legs: 'both',
  idleTimeoutMs: 3_600_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'trafficPolicy.connectionPool.http.idleTimeout',
  source:
    'https://github.com/istio/api/blob/b8f8791d9653b2edc77a071d48887e582cfe84bf/networking/v1alpha3/destination_rule.proto',
  note: '1 h for services that Istio knows, other hosts 5 min: istio-passthrough-http. TCP: connectionPool.tcp.idleTimeout, 1 h without bytes. Inbound: proxyMetadata ISTIO_META_IDLE_TIMEOUT.',
});
