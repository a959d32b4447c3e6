import { type Stack, secondsUp } from '../stack.ts';

export const stack = {
  id: 'node-http-server-26',
  name: 'Node http.Server from 26 on',
  schemes: [],
  http: {
    role: 'app',
    aliases: ['node26'],
    source: {
      url: 'https://github.com/nodejs/node/pull/62782',
      note: '5 s became 65 s',
      confidence: 'verified-by-reading',
    },
    server: {
      idleClose: { value: 65_000, setting: 'server.keepAliveTimeout' },
      maxRequests: { value: 'never', setting: 'server.maxRequestsPerSocket' },
      hintMs: 65_000,
      tcpKeepalive: null,
    },
    write: {
      idleClose: (ms) => [
        `server.keepAliveTimeout = ${secondsUp(ms) * 1000};`,
        `server.headersTimeout = ${secondsUp(ms) * 1000 + 1000};`,
      ],
    },
  },
} satisfies Stack;
