import { definePreset } from '../preset.ts';

export const preset = definePreset({
  name: 'Envoy HTTP idle_timeout (downstream and upstream)',
  vendor: 'Envoy',
  kind: 'l7-proxy',
  legs: 'both',
  idleTimeoutMs: 3_600_000,
  expiry: { behaviour: 'fin', confidence: 'recalled' },
  configurableWith: 'common_http_protocol_options.idle_timeout, of the connection manager and of the cluster',
  source:
    'https://github.com/envoyproxy/envoy/blob/073db228292eb91b70682b5c880653fb2194cb08/docs/root/faq/configuration/timeouts.rst',
  note: '1 h without a stream, on both legs. A stream of its own has 5 min: envoy-stream-idle.',
});
