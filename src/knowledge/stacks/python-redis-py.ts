import { type Stack, wholeSeconds } from '../stack.ts';

/** redis-py sets every entry of `socket_keepalive_options` at level IPPROTO_TCP (redis/connection.py). */
export const stack = {
  id: 'python-redis-py',
  name: 'redis-py',
  schemes: ['redis', 'rediss'],
  rank: 3,
  switchOn({ idleMs, intervalMs, count, userTimeoutMs }) {
    return [
      'import socket, redis',
      "client = redis.Redis(host='HOST', port=6379, socket_keepalive=True, socket_keepalive_options={",
      `    socket.TCP_KEEPIDLE: ${wholeSeconds(idleMs)},`,
      `    socket.TCP_KEEPINTVL: ${wholeSeconds(intervalMs)},`,
      `    socket.TCP_KEEPCNT: ${count},`,
      ...(userTimeoutMs === 0 ? [] : [`    socket.TCP_USER_TIMEOUT: ${Math.round(userTimeoutMs)},`]),
      '})',
    ];
  },
} satisfies Stack;
