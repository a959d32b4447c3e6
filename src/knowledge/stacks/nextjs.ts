import { type StackFacts, secondsUp } from '../stack.ts';
import { nodeServer } from './node-http-server-legacy.ts';

export const stack = {
  name: 'Next.js (next start)',
  source: 'https://www.npmjs.com/package/next/v/16.4.6',
  note: "dist/server/lib/start-server.js of 16.4.6: Node's default; standalone: KEEP_ALIVE_TIMEOUT in the environment",
  keepalive: null,
  http: {
    aliases: ['next'],
    server: { ...nodeServer, idleClose: { ...nodeServer.idleClose, setting: '--keepAliveTimeout' } },
    write: { idleClose: (ms) => [`next start --keepAliveTimeout ${secondsUp(ms) * 1000}`] },
  },
} satisfies StackFacts;
