import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'PyMySQL, with the timers of the host',
  source: 'https://pypi.org/project/PyMySQL/1.2.3/',
  note: 'connections.py of 1.2.3: always on',
  keepalive: 'host',
} satisfies StackFacts;
