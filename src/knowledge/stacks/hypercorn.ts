import { type StackFacts, secondsUp } from '../stack.ts';

export const stack = {
  name: 'Hypercorn',
  source: 'https://github.com/pgjones/hypercorn/blob/0e2311f1ad2ae587aaa590f3824f59aa5dc0e770/src/hypercorn/config.py',
  note: '0.18.0',
  keepalive: null,
  http: {
    serverHeader: /^hypercorn/i,
    where: 'hypercorn.toml',
    server: {
      idleClose: { value: 5000, setting: 'keep_alive_timeout' },
      maxRequests: { value: 1000, setting: 'keep_alive_max_requests' },
    },
    write: {
      idleClose: (ms, place) => [
        place === 'file' ? `keep_alive_timeout = ${secondsUp(ms)}` : `--keep-alive ${secondsUp(ms)}`,
      ],
    },
  },
} satisfies StackFacts;
