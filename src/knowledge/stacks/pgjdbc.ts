import { sysctlLine } from '../../keepalive/remedy.ts';
import type { StackFacts } from '../stack.ts';

/** The driver has only the switch (PGProperty.TCP_KEEP_ALIVE, off by default); the timers are those of the host. */
export const stack = {
  name: 'PostgreSQL JDBC driver, with the timers of the host',
  schemes: ['postgres', 'postgresql'],
  rank: 2,
  source:
    'https://github.com/pgjdbc/pgjdbc/blob/8e93018ae2b53bed155408b84a87465bc2cc2f2d/docs/content/documentation/use.md',
  keepalive: null,
  switchOn: (values) => ['jdbc:postgresql://HOST:PORT/DATABASE?tcpKeepAlive=true', sysctlLine(values)],
} satisfies StackFacts;
