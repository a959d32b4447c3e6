import { type Stack, secondsDown } from '../stack.ts';

/** Sends idempotent requests again when a reused connection turns out closed (client.py). */
export const stack = {
  id: 'python-aiohttp-client',
  name: 'aiohttp client',
  schemes: [],
  http: {
    role: 'client',
    aliases: ['aiohttp'],
    source: {
      url: 'https://pypi.org/project/aiohttp/3.14.3/',
      note: 'aiohttp/connector.py and client.py of 3.14.3',
      confidence: 'verified-by-reading',
    },
    client: {
      poolIdle: { value: 15_000, setting: 'keepalive_timeout' },
      poolSize: { value: 100, setting: 'limit' },
      honoursHint: false,
      retries: 'idempotent',
      tcpKeepalive: null,
    },
    write: {
      poolIdle: (ms) => [`aiohttp.TCPConnector(keepalive_timeout=${secondsDown(ms)})`],
      poolSize: (count) => [`aiohttp.TCPConnector(limit=${count})`],
      noReuse: () => ['aiohttp.TCPConnector(force_close=True)'],
    },
  },
} satisfies Stack;
