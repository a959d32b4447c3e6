import { type StackFacts, secondsDown } from '../stack.ts';

export const stack = {
  name: 'ArangoDB Java driver 7',
  source: 'https://github.com/arangodb/docs-hugo/pull/502.diff',
  note: 'idle limit of HTTP connections',
  http: {
    client: { poolIdle: { value: 30_000, setting: 'connectionTtl' } },
    write: { poolIdle: (ms) => [`new ArangoDB.Builder().connectionTtl(${secondsDown(ms) * 1000}L)`] },
  },
} satisfies StackFacts;
