import { LIBUV_KEEPALIVE, LIBUV_PROBES, type StackFacts, secondsDown, wholeSeconds } from '../stack.ts';

export const stack = {
  name: `AWS SDK for JavaScript 3; ${LIBUV_PROBES}`,
  schemes: ['https'],
  source: 'https://www.npmjs.com/package/@smithy/node-http-handler/v/4.14.2',
  note: 'dist-es/node-http-handler.js of 4.14.2: 50 sockets, no idle limit but the hint of the server. With Node 20 and 22 keepalive over TLS begins 3 s after a request',
  keepalive: LIBUV_KEEPALIVE,
  switchOn: ({ idleMs }) => [
    `new NodeHttpHandler({ httpsAgent: new https.Agent({ keepAlive: true, keepAliveMsecs: ${wholeSeconds(idleMs) * 1000} }) });`,
  ],
  http: {
    product: 'AWS SDK for JavaScript 3',
    aliases: ['aws-sdk'],
    client: {
      poolIdle: { value: 'never', setting: 'https.Agent timeout' },
      poolSize: { value: 50, setting: 'maxSockets' },
      honoursHint: true,
    },
    write: {
      poolIdle: (ms) => [
        `new NodeHttpHandler({ httpsAgent: new https.Agent({ keepAlive: true, timeout: ${secondsDown(ms) * 1000} }) });`,
      ],
    },
  },
} satisfies StackFacts;
