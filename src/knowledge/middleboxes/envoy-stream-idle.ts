import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Envoy / Istio stream_idle_timeout (WebSocket, gRPC stream, slow response)',
  vendor: 'Envoy',
  kind: 'l7-proxy',
  legs: null,
  idleTimeoutMs: 300_000,
  expiry: { behaviour: 'unknown', confidence: 'recalled' },
  configurableWith:
    'http_connection_manager.stream_idle_timeout, or idle_timeout of the route (0s: never); RouteAction.timeout, 15 s, limits the whole response',
  source:
    'https://github.com/envoyproxy/envoy/blob/073db228292eb91b70682b5c880653fb2194cb08/docs/root/faq/configuration/timeouts.rst',
  note: 'A stream without bytes for 5 min ends in a 504 or a stream reset. HTTP/2 PING and TCP keepalive do not count.',
});
