import { LIBUV_KEEPALIVE, type StackFacts, secondsDown } from '../stack.ts';

export const stack = {
  name: 'agentkeepalive',
  source: 'https://www.npmjs.com/package/agentkeepalive/v/4.6.0',
  note: 'lib/agent.js of 4.6.0; 4 s stays below the 5 s of a Node server',
  keepalive: LIBUV_KEEPALIVE,
  http: {
    client: { poolIdle: { value: 4000, setting: 'freeSocketTimeout' } },
    write: { poolIdle: (ms) => [`new HttpAgent({ freeSocketTimeout: ${secondsDown(ms) * 1000} });`] },
  },
} satisfies StackFacts;
