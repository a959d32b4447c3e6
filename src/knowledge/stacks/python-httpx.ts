import { type StackFacts, secondsDown } from '../stack.ts';
import { pythonSocketOptions } from './python-socket.ts';

export const stack = {
  name: 'httpx',
  schemes: ['http', 'https'],
  source: 'https://pypi.org/project/httpx/0.28.1/',
  note: 'httpx/_config.py of 0.28.1',
  keepalive: null,
  switchOn: (values) => [
    'import socket, httpx',
    'client = httpx.Client(transport=httpx.HTTPTransport(socket_options=[',
    ...pythonSocketOptions(values).map((option) => `    ${option},`),
    ']))',
  ],
  http: {
    aliases: ['httpx'],
    client: {
      poolIdle: { value: 5000, setting: 'keepalive_expiry' },
      poolSize: { value: 20, setting: 'max_keepalive_connections' },
      honoursHint: false,
      retries: 'none',
    },
    write: {
      poolIdle: (ms) => [`httpx.Client(limits=httpx.Limits(keepalive_expiry=${secondsDown(ms)}))`],
      poolSize: (count) => [`httpx.Client(limits=httpx.Limits(max_keepalive_connections=${count}))`],
      noReuse: () => ['httpx.Client(limits=httpx.Limits(max_keepalive_connections=0))'],
    },
  },
} satisfies StackFacts;
