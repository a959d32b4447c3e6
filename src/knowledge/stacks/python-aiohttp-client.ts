import { type StackFacts, secondsDown } from '../stack.ts';
import { pythonSocketOptions } from './python-socket.ts';

/** Sends idempotent requests again when a reused connection turns out closed (client.py). */
export const stack = {
  name: 'aiohttp 3.14 and later, client',
  schemes: ['http', 'https'],
  source: 'https://pypi.org/project/aiohttp/3.14.3/',
  note: 'aiohttp/connector.py and client.py of 3.14.3',
  keepalive: null,
  switchOn: (values) => [
    'import socket, aiohttp',
    'def with_keepalive(address):',
    '    sock = socket.socket(*address[:3])',
    ...pythonSocketOptions(values).map((option) => `    sock.setsockopt${option}`),
    '    return sock',
    'connector = aiohttp.TCPConnector(socket_factory=with_keepalive)',
  ],
  http: {
    product: 'aiohttp client',
    aliases: ['aiohttp'],
    client: {
      poolIdle: { value: 15_000, setting: 'keepalive_timeout' },
      poolSize: { value: 100, setting: 'limit' },
      honoursHint: false,
      retries: 'idempotent',
    },
    write: {
      poolIdle: (ms) => [`aiohttp.TCPConnector(keepalive_timeout=${secondsDown(ms)})`],
      poolSize: (count) => [`aiohttp.TCPConnector(limit=${count})`],
      noReuse: () => ['aiohttp.TCPConnector(force_close=True)'],
    },
  },
} satisfies StackFacts;
