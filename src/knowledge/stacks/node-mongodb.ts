import { LIBUV_KEEPALIVE, LIBUV_PROBES, type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: `mongodb for Node; ${LIBUV_PROBES}`,
  source: 'https://www.npmjs.com/package/mongodb/v/7.9.0',
  note: 'lib/cmap/connect.js of 7.9.0; maxIdleTimeMS 0: no idle limit',
  keepalive: { ...LIBUV_KEEPALIVE, idleMs: 120_000 },
  switchOn: ({ idleMs }) => [
    `const client = new MongoClient(uri, { keepAliveInitialDelay: ${wholeSeconds(idleMs) * 1000} });`,
  ],
} satisfies StackFacts;
