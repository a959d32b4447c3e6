import type { StackFacts } from '../stack.ts';
import { nodeServer, nodeServerLines } from './node-http-server-legacy.ts';

/** Not released yet: nodejs/node#62782 landed on main after the branch of 26 was cut, whose binaries still begin with 5 s. */
export const stack = {
  name: 'Node http.Server from 27 on',
  source: 'https://github.com/nodejs/node/pull/62782',
  note: '5 s became 65 s; read in the pull request, no release has it yet',
  keepalive: null,
  http: {
    aliases: ['node27'],
    server: { ...nodeServer, idleClose: { ...nodeServer.idleClose, value: 65_000 }, hintMs: 65_000 },
    write: nodeServerLines,
  },
} satisfies StackFacts;
