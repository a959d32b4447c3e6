import { type StackFacts, type SwitchValues, secondsDown, secondsUp, wholeSeconds } from '../stack.ts';

/** Without `timeout http-keep-alive` its timeout http-request and timeout client decide, which have no default. */
export const stack = {
  name: 'HAProxy',
  processes: ['haproxy'],
  source: 'https://github.com/haproxy/haproxy/blob/50872daa6a857e82afc40b1c5161924aef4172d7/doc/configuration.txt',
  note: 'every 5 s half of the idle server connections are closed: a decay rather than a limit',
  keepalive: null,
  http: {
    server: {},
    client: {},
    write: {
      idleClose: (ms) => [`timeout http-keep-alive ${secondsUp(ms)}s`],
      poolIdle: (ms) => [`server NAME HOST:PORT pool-purge-delay ${secondsDown(ms)}s`],
      tcpKeepalive: (values) => probes('srv', values),
      tcpKeepaliveOnAccepted: (values) => probes('cli', values),
      responseTimeout: (ms) => [`timeout server ${secondsUp(ms)}s`],
      noReuse: () => ['http-reuse never'],
    },
  },
} satisfies StackFacts;

const probes = (side: 'srv' | 'cli', { idleMs, intervalMs, count }: SwitchValues): string[] => [
  `option ${side}tcpka`,
  `${side}tcpka-idle ${wholeSeconds(idleMs)}s`,
  `${side}tcpka-intvl ${wholeSeconds(intervalMs)}s`,
  `${side}tcpka-cnt ${count}`,
];
