import { type Stack, secondsUp } from '../stack.ts';

export const stack = {
  id: 'arangodb-server',
  name: 'ArangoDB server',
  schemes: [],
  http: {
    role: 'app',
    aliases: ['arangodb'],
    source: {
      url: 'https://github.com/arangodb/blueprints-arangodb-graph/issues/25',
      note: 'a maintainer: connections idle for 300 s are dropped',
      confidence: 'verified-by-reading',
    },
    server: {
      idleClose: { value: 300_000, setting: '--http.keep-alive-timeout' },
    },
    write: {
      idleClose: (ms) => [`arangod --http.keep-alive-timeout ${secondsUp(ms)}`],
    },
  },
} satisfies Stack;
