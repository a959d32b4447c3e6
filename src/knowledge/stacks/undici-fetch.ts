import { LIBUV_KEEPALIVE, LIBUV_PROBES, type StackFacts, secondsDown, wholeSeconds } from '../stack.ts';

/** The hint of the server replaces the 4 s, less 2 s; TCP keepalive has the timers of libuv. */
export const stack = {
  name: `undici and the fetch of Node; ${LIBUV_PROBES}`,
  schemes: ['http', 'https'],
  source: 'https://github.com/nodejs/undici/blob/7eb7c8ec8f23acd9c3da93a286162f8c1dc68326/docs/docs/api/Client.md',
  keepalive: { ...LIBUV_KEEPALIVE, idleMs: 60_000 },
  switchOn: ({ idleMs }) => [
    "import { Agent, setGlobalDispatcher } from 'undici';",
    `setGlobalDispatcher(new Agent({ connect: { keepAlive: true, keepAliveInitialDelay: ${wholeSeconds(idleMs) * 1000} } }));`,
  ],
  http: {
    product: 'undici and the fetch of Node',
    aliases: ['undici', 'fetch'],
    client: { poolIdle: { value: 4000, setting: 'keepAliveTimeout' }, honoursHint: true, retries: 'none' },
    write: {
      poolIdle: (ms) => [`setGlobalDispatcher(new Agent({ keepAliveTimeout: ${secondsDown(ms) * 1000} }));`],
      noReuse: () => ['setGlobalDispatcher(new Agent({ pipelining: 0 }));'],
    },
  },
} satisfies StackFacts;
