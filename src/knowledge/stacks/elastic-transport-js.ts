import { LIBUV_KEEPALIVE, type StackFacts, secondsDown } from '../stack.ts';

export const stack = {
  name: '@elastic/transport (undici)',
  source: 'https://www.npmjs.com/package/@elastic/transport/v/9.4.0',
  note: 'lib/connection/UndiciConnection.js of 9.4.0; TCP keepalive as in undici (inferred), which saves its long pool',
  keepalive: { ...LIBUV_KEEPALIVE, idleMs: 60_000 },
  http: {
    aliases: ['elasticsearch-js'],
    client: { poolIdle: { value: 600_000, setting: 'keepAliveTimeout' } },
    write: {
      poolIdle: (ms) => [
        `new Client({ node, agent: { keepAliveTimeout: ${secondsDown(ms) * 1000}, keepAliveMaxTimeout: ${secondsDown(ms) * 1000} } });`,
      ],
    },
  },
} satisfies StackFacts;
