import type { MiddleboxPreset } from '../preset.ts';

export const preset = {
  id: 'envoy-tcp-proxy',
  name: 'Envoy tcp_proxy idle_timeout',
  vendor: 'Envoy',
  kind: 'l4-lb',
  protocol: 'tcp',
  idleTimeoutMs: 3_600_000,
  rangeMs: null,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'tcp_proxy.idle_timeout (0s disables)',
  source: {
    url: 'https://github.com/envoyproxy/envoy/blob/a42f084e94ea6ae6fb3e9f3b76a4f6df5c7b60d0/api/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto',
    note: '1 h without BYTES in either direction; kernel keepalive probes are not bytes to Envoy and do not refresh it.',
    confidence: 'verified-by-reading',
  },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
} satisfies MiddleboxPreset;
