import { LIBUV_PROBES, type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: `amqplib for Node; ${LIBUV_PROBES}`,
  source: 'https://www.npmjs.com/package/amqplib/v/2.3.1',
  note: 'lib/connect.js of 2.3.1; it takes the heartbeat of the server, 60 s, unless the URL has its own',
  keepalive: null,
  switchOn: ({ idleMs }) => [
    `const connection = await amqp.connect(url, { keepAlive: true, keepAliveDelay: ${wholeSeconds(idleMs) * 1000} });`,
  ],
} satisfies StackFacts;
