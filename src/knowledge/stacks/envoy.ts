import { type Stack, secondsDown, secondsUp, wholeSeconds } from '../stack.ts';

export const stack = {
  id: 'envoy',
  name: 'Envoy',
  schemes: [],
  http: {
    role: 'proxy',
    aliases: ['istio'],
    source: {
      url: 'https://envoyproxy.io/docs/envoy/v1.30.4/_sources/faq/configuration/timeouts.rst.txt',
      note: 'an hour on both sides; TCP keepalive off is recalled',
      confidence: 'verified-by-reading',
    },
    server: {
      idleClose: { value: 3_600_000, setting: 'common_http_protocol_options.idle_timeout' },
      tcpKeepalive: null,
    },
    client: {
      poolIdle: { value: 3_600_000, setting: 'common_http_protocol_options.idle_timeout' },
      tcpKeepalive: null,
    },
    write: {
      idleClose: (ms) => [
        `common_http_protocol_options: { idle_timeout: ${secondsUp(ms)}s }  # of the connection manager`,
      ],
      poolIdle: (ms) => [`common_http_protocol_options: { idle_timeout: ${secondsDown(ms)}s }  # of the cluster`],
      tcpKeepalive: ({ idleMs, intervalMs, count }) => [
        `upstream_connection_options: { tcp_keepalive: { keepalive_time: ${wholeSeconds(idleMs)}, keepalive_interval: ${wholeSeconds(intervalMs)}, keepalive_probes: ${count} } }`,
      ],
    },
  },
} satisfies Stack;
