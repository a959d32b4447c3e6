import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Envoy tcp_proxy idle_timeout',
  vendor: 'Envoy',
  kind: 'l4-lb',
  idleTimeoutMs: 3_600_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  keepalive: { refreshes: false, basis: 'inferred-from-kind' },
  configurableWith: 'tcp_proxy.idle_timeout (0s disables)',
  source:
    'https://github.com/envoyproxy/envoy/blob/a42f084e94ea6ae6fb3e9f3b76a4f6df5c7b60d0/api/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto',
  note: '1 h without bytes in either direction; keepalive probes are no bytes.',
});
