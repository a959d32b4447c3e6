import { type StackFacts, secondsDown, wholeSeconds } from '../stack.ts';

/** WebClient behind a load balancer: nothing gives an idle connection up. */
export const stack = {
  name: 'Reactor Netty (WebClient)',
  schemes: ['http', 'https'],
  source:
    'https://github.com/reactor/reactor-netty/blob/da0f55072fadc619265a65274050d475eaba7169/reactor-netty-core/src/main/java/reactor/netty/resources/ConnectionProvider.java',
  note: '1.3.6: maxIdleTime -1',
  keepalive: null,
  switchOn: ({ idleMs, intervalMs, count }) => [
    'HttpClient.create().option(ChannelOption.SO_KEEPALIVE, true)',
    `    .option(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE), ${wholeSeconds(idleMs)})`,
    `    .option(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL), ${wholeSeconds(intervalMs)})`,
    `    .option(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT), ${count});`,
  ],
  http: {
    aliases: ['webclient'],
    client: { poolIdle: { value: 'never', setting: 'maxIdleTime' } },
    write: {
      poolIdle: (ms) => [
        `ConnectionProvider.builder("p").maxIdleTime(Duration.ofSeconds(${secondsDown(ms)})).evictInBackground(Duration.ofSeconds(30)).build();`,
      ],
    },
  },
} satisfies StackFacts;
