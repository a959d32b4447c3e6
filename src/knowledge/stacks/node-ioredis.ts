import { type Stack, wholeSeconds } from '../stack.ts';

/** ioredis calls `setKeepAlive(true, keepAlive)` once connected (built/Redis.js); interval and count are libuv's. */
export const stack = {
  id: 'node-ioredis',
  name: 'ioredis; libuv then probes every 1 s and gives up after 10 probes',
  schemes: ['redis', 'rediss'],
  rank: 5,
  switchOn({ idleMs }) {
    return [
      "import { Redis } from 'ioredis';",
      `const client = new Redis({ host: 'HOST', port: 6379, keepAlive: ${wholeSeconds(idleMs) * 1000} });`,
    ];
  },
} satisfies Stack;
