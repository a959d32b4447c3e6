import { type StackFacts, secondsUp } from '../stack.ts';
import { nodeServer } from './node-http-server-legacy.ts';

export const stack = {
  name: '@hono/node-server',
  source: 'https://www.npmjs.com/package/@hono/node-server/v/2.1.9',
  note: "2.1.9: Node's default",
  keepalive: null,
  http: {
    aliases: ['hono'],
    server: { ...nodeServer, idleClose: { ...nodeServer.idleClose, setting: 'serverOptions.keepAliveTimeout' } },
    write: { idleClose: (ms) => [`serve({ fetch, serverOptions: { keepAliveTimeout: ${secondsUp(ms) * 1000} } });`] },
  },
} satisfies StackFacts;
