import { type StackFacts, secondsDown, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'hyper-util legacy Client',
  schemes: ['http', 'https'],
  source:
    'https://github.com/hyperium/hyper-util/blob/4684c71db4ca392bb20583202afef777df3b3aa7/src/client/legacy/client.rs',
  note: '0.1.20; without a pool timer nothing is closed. A bare HttpConnector has no TCP keepalive, one of build_http() has: 90 s of silence',
  keepalive: null,
  switchOn: ({ idleMs, intervalMs, count }) => [
    `connector.set_keepalive(Some(Duration::from_secs(${wholeSeconds(idleMs)})));`,
    `connector.set_keepalive_interval(Some(Duration::from_secs(${wholeSeconds(intervalMs)})));`,
    `connector.set_keepalive_retries(Some(${count}));`,
  ],
  http: {
    aliases: ['hyper'],
    client: { poolIdle: { value: 90_000, setting: 'pool_idle_timeout' } },
    write: {
      poolIdle: (ms) => [`.pool_idle_timeout(Duration::from_secs(${secondsDown(ms)})).pool_timer(TokioTimer::new())`],
    },
  },
} satisfies StackFacts;
