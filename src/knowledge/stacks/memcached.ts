import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'memcached, with the timers of the host',
  processes: ['memcached'],
  source: 'https://github.com/memcached/memcached/blob/2d51e364799bc9698bd4b11728ea978cea12da6e/memcached.c',
  note: 'run with 1.6.18: always on; idle clients are kept (idle_timeout 0)',
  confidence: 'observed',
  keepalive: 'host',
} satisfies StackFacts;
