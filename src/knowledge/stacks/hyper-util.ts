import { type Stack, secondsDown } from '../stack.ts';

export const stack = {
  id: 'hyper-util',
  name: 'hyper-util legacy Client',
  schemes: [],
  http: {
    role: 'client',
    aliases: ['hyper'],
    source: {
      url: null,
      note: 'secondary evidence; without a pool timer nothing is closed',
      confidence: 'read-without-address',
    },
    client: {
      poolIdle: { value: 90_000, setting: 'pool_idle_timeout' },
      tcpKeepalive: null,
    },
    write: {
      poolIdle: (ms) => [`.pool_idle_timeout(Duration::from_secs(${secondsDown(ms)})).pool_timer(TokioTimer::new())`],
    },
  },
} satisfies Stack;
