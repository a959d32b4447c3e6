import { type StackFacts, secondsDown, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'reqwest from 0.12.23 on',
  schemes: ['http', 'https'],
  source: 'https://github.com/seanmonstar/reqwest/blob/01f03a4c01fb13e2262a513ed21e2b84b5186f46/CHANGELOG.md',
  note: 'on since 0.12.23, with a user timeout of 30 s on Linux; off from 0.10.10 to 0.12.22',
  keepalive: { idleMs: 15_000, intervalMs: 15_000, count: 3 },
  switchOn: ({ idleMs, intervalMs, count, userTimeoutMs }) => [
    'let client = reqwest::Client::builder()',
    `    .tcp_keepalive(Duration::from_secs(${wholeSeconds(idleMs)}))`,
    `    .tcp_keepalive_interval(Duration::from_secs(${wholeSeconds(intervalMs)}))`,
    `    .tcp_keepalive_retries(${count}u32)`,
    ...(userTimeoutMs === 0 ? [] : [`    .tcp_user_timeout(Duration::from_millis(${Math.round(userTimeoutMs)}))`]),
    '    .build()?;',
  ],
  http: {
    client: { poolIdle: { value: 90_000, setting: 'pool_idle_timeout' } },
    write: { poolIdle: (ms) => [`.pool_idle_timeout(Duration::from_secs(${secondsDown(ms)}))`] },
  },
} satisfies StackFacts;
