import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'MySQL or MariaDB server, with the timers of the host',
  processes: ['mysqld', 'mariadbd'],
  source: null,
  note: 'run with MariaDB 10.11.19: no option for the timers; wait_timeout closes connections idle for 8 h',
  confidence: 'observed',
  keepalive: 'host',
} satisfies StackFacts;
