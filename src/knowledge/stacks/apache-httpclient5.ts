import { type StackFacts, secondsDown, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'Apache HttpClient 5.6 and later',
  schemes: ['http', 'https'],
  source:
    'https://github.com/apache/httpcomponents-core/blob/e9fa30494b3648df068f1138a5b230ced75800ba/httpcore5/src/main/java/org/apache/hc/core5/http/io/SocketConfig.java',
  note: 'off before 5.6. A hint of the server counts in full, without a margin; idle connections only go when they are leased; after 2 s it looks for a FIN before reuse',
  keepalive: { idleMs: 5000, intervalMs: 5000, count: 3 },
  switchOn: ({ idleMs, intervalMs, count }) => [
    'SocketConfig.custom().setSoKeepAlive(true)',
    `    .setTcpKeepIdle(${wholeSeconds(idleMs)}).setTcpKeepInterval(${wholeSeconds(intervalMs)}).setTcpKeepCount(${count}).build();`,
  ],
  http: {
    aliases: ['httpclient5'],
    client: {
      poolIdle: { value: 180_000, setting: 'connectionKeepAlive' },
      poolSize: { value: 5, setting: 'maxConnPerRoute' },
      honoursHint: false,
    },
    write: {
      poolIdle: (ms) => [
        `RequestConfig.custom().setConnectionKeepAlive(TimeValue.ofSeconds(${secondsDown(ms)})).build();`,
        `HttpClients.custom().evictIdleConnections(TimeValue.ofSeconds(${secondsDown(ms)}))`,
      ],
    },
  },
} satisfies StackFacts;
