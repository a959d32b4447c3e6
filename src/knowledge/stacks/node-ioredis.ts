import { LIBUV_KEEPALIVE, LIBUV_PROBES, type StackFacts, wholeSeconds } from '../stack.ts';

/** ioredis calls `setKeepAlive(true, keepAlive)` once connected (built/Redis.js); interval and count are libuv's. */
export const stack = {
  name: `ioredis; ${LIBUV_PROBES}`,
  schemes: ['redis', 'rediss'],
  rank: 5,
  source: 'https://www.npmjs.com/package/ioredis/v/6.0.0',
  note: '30 s with 6.0.0; 5.x had none (recalled)',
  keepalive: { ...LIBUV_KEEPALIVE, idleMs: 30_000 },
  switchOn: ({ idleMs }) => [
    "import { Redis } from 'ioredis';",
    `const client = new Redis({ host: 'HOST', port: 6379, keepAlive: ${wholeSeconds(idleMs) * 1000} });`,
  ],
} satisfies StackFacts;
