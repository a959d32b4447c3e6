import { type Stack, wholeSeconds } from '../stack.ts';

/**
 * Options of @redis/client 5 and later (dist/lib/client/socket.js); interval and count are libuv's. Not for rediss: there it hands them to
 * tls.connect, which leaves them unused (seen with Node 20 and @redis/client 6.3).
 */
export const stack = {
  id: 'node-redis',
  name: 'redis for Node, 5 and later; libuv then probes every 1 s and gives up after 10 probes',
  schemes: ['redis'],
  rank: 4,
  switchOn({ idleMs }) {
    return [
      "import { createClient } from 'redis';",
      'const client = createClient({',
      "  url: 'redis://HOST:6379',",
      `  socket: { keepAlive: true, keepAliveInitialDelay: ${wholeSeconds(idleMs) * 1000} },`,
      '});',
    ];
  },
} satisfies Stack;
