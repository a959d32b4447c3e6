import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Istio passthrough cluster (hosts without ServiceEntry, waypoints), HTTP',
  vendor: 'Istio',
  kind: 'l7-proxy',
  legs: 'origin',
  idleTimeoutMs: 300_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'a ServiceEntry, and a DestinationRule with connectionPool.http.idleTimeout',
  source:
    'https://github.com/istio/istio/blob/86c9f01fd735fb01d8192f5bcaf0d424afb7f14c/pilot/pkg/networking/core/cluster_builder.go',
  note: '5 min towards hosts that Istio does not know, in place of 1 h.',
});
