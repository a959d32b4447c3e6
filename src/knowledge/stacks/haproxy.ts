import { type Stack, secondsDown, secondsUp, wholeSeconds } from '../stack.ts';

/** Without `timeout http-keep-alive` its timeout http-request and timeout client decide, which have no default. */
export const stack = {
  id: 'haproxy',
  name: 'HAProxy',
  schemes: [],
  http: {
    role: 'proxy',
    source: {
      url: 'https://github.com/haproxy/haproxy/blob/50872daa6a857e82afc40b1c5161924aef4172d7/doc/configuration.txt',
      note: 'every 5 s half of the idle server connections are closed: a decay rather than a limit',
      confidence: 'verified-by-reading',
    },
    server: {
      tcpKeepalive: null,
    },
    client: {
      tcpKeepalive: null,
    },
    write: {
      idleClose: (ms) => [`timeout http-keep-alive ${secondsUp(ms)}s`],
      poolIdle: (ms) => [`server NAME HOST:PORT pool-purge-delay ${secondsDown(ms)}s`],
      tcpKeepalive: ({ idleMs, intervalMs, count }) => [
        'option srvtcpka',
        `srvtcpka-idle ${wholeSeconds(idleMs)}s`,
        `srvtcpka-intvl ${wholeSeconds(intervalMs)}s`,
        `srvtcpka-cnt ${count}`,
      ],
      tcpKeepaliveOnAccepted: ({ idleMs, intervalMs, count }) => [
        'option clitcpka',
        `clitcpka-idle ${wholeSeconds(idleMs)}s`,
        `clitcpka-intvl ${wholeSeconds(intervalMs)}s`,
        `clitcpka-cnt ${count}`,
      ],
      responseTimeout: (ms) => [`timeout server ${secondsUp(ms)}s`],
      noReuse: () => ['http-reuse never'],
    },
  },
} satisfies Stack;
