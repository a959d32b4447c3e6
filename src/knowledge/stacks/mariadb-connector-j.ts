import { type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'MariaDB Connector/J',
  source:
    'https://github.com/mariadb-corporation/mariadb-connector-j/blob/c9377bc8659c5547834fc18507824bacd10464a0/src/main/java/org/mariadb/jdbc/Configuration.java',
  note: '3.5.9: on without being told, with the timers of the host',
  keepalive: 'host',
  switchOn: ({ idleMs, intervalMs, count }) => [
    `jdbc:mariadb://HOST/DATABASE?tcpKeepAlive=true&tcpKeepIdle=${wholeSeconds(idleMs)}&tcpKeepInterval=${wholeSeconds(intervalMs)}&tcpKeepCount=${count}`,
  ],
} satisfies StackFacts;
