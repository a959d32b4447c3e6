import { type StackFacts, wholeSeconds } from '../stack.ts';

/** redis-py sets every entry of `socket_keepalive_options` at level IPPROTO_TCP (redis/connection.py). */
export const stack = {
  name: 'redis-py',
  schemes: ['redis', 'rediss'],
  rank: 3,
  source: 'https://github.com/redis/redis-py/blob/34817ce2a2accc893a81180fe737e0c4f5ac6b0c/redis/_defaults.py',
  note: 'on since 8.0.0; off in 7.4 and before',
  keepalive: { idleMs: 30_000, intervalMs: 5000, count: 3 },
  switchOn: ({ idleMs, intervalMs, count, userTimeoutMs }) => [
    'import socket, redis',
    "client = redis.Redis(host='HOST', port=6379, socket_keepalive=True, socket_keepalive_options={",
    `    socket.TCP_KEEPIDLE: ${wholeSeconds(idleMs)},`,
    `    socket.TCP_KEEPINTVL: ${wholeSeconds(intervalMs)},`,
    `    socket.TCP_KEEPCNT: ${count},`,
    ...(userTimeoutMs === 0 ? [] : [`    socket.TCP_USER_TIMEOUT: ${Math.round(userTimeoutMs)},`]),
    '})',
  ],
} satisfies StackFacts;
