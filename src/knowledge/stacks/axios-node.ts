import { LIBUV_KEEPALIVE, type StackFacts, secondsDown } from '../stack.ts';

/** It uses Node's global agent, and so its pool (Node 19 and later); on the socket of each request it sets 60 s itself. */
export const stack = {
  name: 'axios on Node',
  source: 'https://www.npmjs.com/package/axios/v/1.21.1',
  note: 'run with 1.21.1: 60 s while a request waits; while the socket idles in the pool the agent makes it 1 s',
  confidence: 'observed',
  keepalive: { ...LIBUV_KEEPALIVE, idleMs: 60_000 },
  http: {
    aliases: ['axios'],
    client: { poolIdle: { value: 5000, setting: 'http.Agent timeout' }, honoursHint: true, retries: 'none' },
    write: {
      poolIdle: (ms) => [
        `axios.create({ httpAgent: new http.Agent({ keepAlive: true, timeout: ${secondsDown(ms) * 1000} }) });`,
      ],
      noReuse: () => ['axios.create({ httpAgent: new http.Agent({ keepAlive: false }) });'],
    },
  },
} satisfies StackFacts;
