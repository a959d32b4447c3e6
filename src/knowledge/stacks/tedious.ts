import { LIBUV_KEEPALIVE, type StackFacts } from '../stack.ts';

export const stack = {
  name: 'tedious',
  source: 'https://www.npmjs.com/package/tedious/v/19.2.2',
  note: 'lib/connection.js of 19.2.2: fixed',
  keepalive: { ...LIBUV_KEEPALIVE, idleMs: 30_000 },
} satisfies StackFacts;
