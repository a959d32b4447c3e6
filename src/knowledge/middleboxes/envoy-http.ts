import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'envoy-http',
  name: 'Envoy HTTP idle_timeout (downstream and upstream)',
  vendor: 'Envoy',
  kind: 'l7-proxy',
  legs: 'both',
  protocol: 'tcp',
  idleTimeoutMs: 3_600_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'common_http_protocol_options.idle_timeout (HCM, and HttpProtocolOptions on the cluster)',
  source: {
    url: 'https://envoyproxy.io/docs/envoy/v1.30.4/_sources/faq/configuration/timeouts.rst.txt',
    note: '1 h with no active stream on either leg.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
