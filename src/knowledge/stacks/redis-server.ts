import { type StackFacts, wholeSeconds } from '../stack.ts';

/** It sets the interval to a third of tcp-keepalive, and three probes. */
export const stack = {
  name: 'Redis server',
  processes: ['redis-server'],
  source: 'https://github.com/redis/redis/blob/4f8cdc2a1ea53e42955af758aabffee67cb455dd/redis.conf',
  note: '300 s since 3.2.1; idle clients are kept (timeout 0)',
  keepalive: { idleMs: 300_000, intervalMs: 100_000, count: 3 },
  switchOn: ({ idleMs }) => [`redis-cli CONFIG SET tcp-keepalive ${wholeSeconds(idleMs)}`],
} satisfies StackFacts;
