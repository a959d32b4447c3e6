import { type StackFacts, secondsUp } from '../stack.ts';

export const stack = {
  name: 'ArangoDB server',
  source: 'https://github.com/arangodb/blueprints-arangodb-graph/issues/25',
  note: 'a maintainer: connections idle for 300 s are dropped',
  http: {
    aliases: ['arangodb'],
    server: { idleClose: { value: 300_000, setting: '--http.keep-alive-timeout' } },
    write: { idleClose: (ms) => [`arangod --http.keep-alive-timeout ${secondsUp(ms)}`] },
  },
} satisfies StackFacts;
