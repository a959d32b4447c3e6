import { type Stack, secondsDown } from '../stack.ts';

export const stack = {
  id: 'reqwest',
  name: 'reqwest from 0.12.23 on',
  schemes: [],
  http: {
    role: 'client',
    source: {
      url: 'https://github.com/seanmonstar/reqwest/blob/01f03a4c01fb13e2262a513ed21e2b84b5186f46/CHANGELOG.md',
      note: null,
      confidence: 'verified-by-reading',
    },
    client: {
      poolIdle: { value: 90_000, setting: 'pool_idle_timeout' },
      tcpKeepalive: { idleMs: 15_000, intervalMs: 15_000, count: 3 },
    },
    write: {
      poolIdle: (ms) => [`.pool_idle_timeout(Duration::from_secs(${secondsDown(ms)}))`],
    },
  },
} satisfies Stack;
