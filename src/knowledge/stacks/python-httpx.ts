import { type Stack, secondsDown } from '../stack.ts';

export const stack = {
  id: 'python-httpx',
  name: 'httpx',
  schemes: [],
  http: {
    role: 'client',
    aliases: ['httpx'],
    source: {
      url: 'https://pypi.org/project/httpx/0.28.1/',
      note: 'httpx/_config.py of 0.28.1',
      confidence: 'verified-by-reading',
    },
    client: {
      poolIdle: { value: 5000, setting: 'keepalive_expiry' },
      poolSize: { value: 20, setting: 'max_keepalive_connections' },
      honoursHint: false,
      retries: 'none',
      tcpKeepalive: null,
    },
    write: {
      poolIdle: (ms) => [`httpx.Client(limits=httpx.Limits(keepalive_expiry=${secondsDown(ms)}))`],
      poolSize: (count) => [`httpx.Client(limits=httpx.Limits(max_keepalive_connections=${count}))`],
      noReuse: () => ['httpx.Client(limits=httpx.Limits(max_keepalive_connections=0))'],
    },
  },
} satisfies Stack;
