import { LIBUV_KEEPALIVE, LIBUV_PROBES, type StackFacts, wholeSeconds } from '../stack.ts';

/**
 * Options of @redis/client 5 and later (dist/lib/client/socket.js); interval and count are libuv's. Not for rediss: there they go to
 * tls.connect, which leaves them unused in Node 20 and 22 (not in 24.15, 25.9 and 26).
 */
export const stack = {
  name: `redis for Node, 5 and later; ${LIBUV_PROBES}`,
  schemes: ['redis'],
  rank: 4,
  source: 'https://www.npmjs.com/package/@redis/client/v/6.3.1',
  note: '30 s with 6.3.1, 5 s with 5.12.1',
  keepalive: { ...LIBUV_KEEPALIVE, idleMs: 30_000 },
  switchOn: ({ idleMs }) => [
    "import { createClient } from 'redis';",
    'const client = createClient({',
    "  url: 'redis://HOST:6379',",
    `  socket: { keepAlive: true, keepAliveInitialDelay: ${wholeSeconds(idleMs) * 1000} },`,
    '});',
  ],
} satisfies StackFacts;
