import { LIBUV_KEEPALIVE, type StackFacts, secondsDown } from '../stack.ts';

export const stack = {
  name: 'arangojs, with undici installed',
  source: 'https://www.npmjs.com/package/arangojs/v/10.4.0',
  note: 'esm/connection.js of 10.4.0; timers as in undici (inferred)',
  keepalive: { ...LIBUV_KEEPALIVE, idleMs: 60_000 },
  http: {
    client: { poolIdle: { value: 4000, setting: 'keepAliveTimeout' }, honoursHint: true },
    write: {
      poolIdle: (ms) => [`new Database({ url, agentOptions: { keepAliveTimeout: ${secondsDown(ms) * 1000} } });`],
    },
  },
} satisfies StackFacts;
