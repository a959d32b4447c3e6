import { type Stack, secondsUp } from '../stack.ts';

/** Later 24.x add a second to what the hint promises (keepAliveTimeoutBuffer). */
export const stack = {
  id: 'node-http-server-legacy',
  name: 'Node http.Server up to 25',
  schemes: [],
  http: {
    role: 'app',
    aliases: ['node', 'nodejs', 'express', 'node20', 'node22', 'node24'],
    source: { url: 'https://github.com/nodejs/node/issues/59193', note: null, confidence: 'verified-by-reading' },
    server: {
      idleClose: { value: 5000, setting: 'server.keepAliveTimeout' },
      maxRequests: { value: 'never', setting: 'server.maxRequestsPerSocket' },
      hintMs: 5000,
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
