import { type StackFacts, secondsUp } from '../stack.ts';
import { nodeServer } from './node-http-server-legacy.ts';

export const stack = {
  name: 'Fastify',
  source: 'https://www.npmjs.com/package/fastify/v/5.12.8',
  note: 'lib/config-validator.js of 5.12.8',
  keepalive: null,
  http: {
    server: { ...nodeServer, idleClose: { value: 72_000, setting: 'keepAliveTimeout' }, hintMs: 72_000 },
    write: { idleClose: (ms) => [`Fastify({ keepAliveTimeout: ${secondsUp(ms) * 1000} });`] },
  },
} satisfies StackFacts;
