import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'PyMongo',
  source: 'https://pypi.org/project/pymongo/4.18.2/',
  note: 'pool_shared.py of 4.18.2: always on; lowers what the host says to these values',
  keepalive: { idleMs: 120_000, intervalMs: 10_000, count: 9 },
} satisfies StackFacts;
