import { LIBUV_KEEPALIVE, type Stack, secondsDown } from '../stack.ts';

/** The hint of the server replaces the 4 s, less 2 s; TCP keepalive has the timers of libuv. */
export const stack = {
  id: 'undici-fetch',
  name: 'undici and the fetch of Node',
  schemes: [],
  http: {
    role: 'client',
    aliases: ['undici', 'fetch'],
    source: {
      url: 'https://github.com/nodejs/undici/blob/7eb7c8ec8f23acd9c3da93a286162f8c1dc68326/docs/docs/api/Client.md',
      note: null,
      confidence: 'verified-by-reading',
    },
    client: {
      poolIdle: { value: 4000, setting: 'keepAliveTimeout' },
      honoursHint: true,
      retries: 'none',
      tcpKeepalive: { ...LIBUV_KEEPALIVE, idleMs: 60_000 },
    },
    write: {
      poolIdle: (ms) => [`setGlobalDispatcher(new Agent({ keepAliveTimeout: ${secondsDown(ms) * 1000} }));`],
      noReuse: () => ['setGlobalDispatcher(new Agent({ pipelining: 0 }));'],
    },
  },
} satisfies Stack;
