import { type StackFacts, type SwitchValues, secondsDown, secondsUp, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'Envoy',
  processes: ['envoy'],
  source:
    'https://github.com/envoyproxy/envoy/blob/073db228292eb91b70682b5c880653fb2194cb08/docs/root/faq/configuration/timeouts.rst',
  note: 'an hour on both sides; TCP keepalive off is recalled',
  keepalive: null,
  http: {
    aliases: ['istio'],
    server: { idleClose: { value: 3_600_000, setting: 'common_http_protocol_options.idle_timeout' } },
    client: { poolIdle: { value: 3_600_000, setting: 'common_http_protocol_options.idle_timeout' } },
    write: {
      idleClose: (ms) => [
        `common_http_protocol_options: { idle_timeout: ${secondsUp(ms)}s }  # of the connection manager`,
      ],
      poolIdle: (ms) => [`common_http_protocol_options: { idle_timeout: ${secondsDown(ms)}s }  # of the cluster`],
      tcpKeepalive: (values) => [`upstream_connection_options: { ${tcpKeepalive(values)} }`],
      tcpKeepaliveOnAccepted: (values) => [`${tcpKeepalive(values)}  # of the listener`],
    },
  },
} satisfies StackFacts;

const tcpKeepalive = ({ idleMs, intervalMs, count }: SwitchValues): string =>
  `tcp_keepalive: { keepalive_time: ${wholeSeconds(idleMs)}, keepalive_interval: ${wholeSeconds(intervalMs)}, keepalive_probes: ${count} }`;
