import { LIBUV_KEEPALIVE, LIBUV_PROBES, type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: `postgres for Node; ${LIBUV_PROBES}`,
  schemes: ['postgres', 'postgresql'],
  source: 'https://www.npmjs.com/package/postgres/v/3.4.9',
  note: 'src/index.js of 3.4.9; no idle limit (idle_timeout)',
  keepalive: { ...LIBUV_KEEPALIVE, idleMs: 60_000 },
  switchOn: ({ idleMs }) => [`const sql = postgres(url, { keep_alive: ${wholeSeconds(idleMs)} });`],
} satisfies StackFacts;
