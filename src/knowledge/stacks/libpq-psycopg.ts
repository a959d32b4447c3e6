import { type StackFacts, wholeSeconds } from '../stack.ts';

/** Parameters of libpq, which psycopg passes on; `tcp_user_timeout` since PostgreSQL 12 (libpq, "Parameter Key Words"). */
export const stack = {
  name: 'libpq, psql, psycopg2, psycopg 3',
  schemes: ['postgres', 'postgresql'],
  rank: 1,
  processes: ['psql'],
  source: 'https://github.com/postgres/postgres/blob/215935daa38317baebf439fac3082e1246c4925e/doc/src/sgml/libpq.sgml',
  note: 'on without being told, but with the timers of the host',
  keepalive: 'host',
  switchOn({ idleMs, intervalMs, count, userTimeoutMs }) {
    const parameters = [
      'keepalives=1',
      `keepalives_idle=${wholeSeconds(idleMs)}`,
      `keepalives_interval=${wholeSeconds(intervalMs)}`,
      `keepalives_count=${count}`,
      ...(userTimeoutMs === 0 ? [] : [`tcp_user_timeout=${Math.round(userTimeoutMs)}`]),
    ];
    return [
      `postgresql://HOST:PORT/DATABASE?${parameters.join('&')}`,
      `psycopg.connect('host=HOST dbname=DATABASE', ${parameters.join(', ')})`,
    ];
  },
} satisfies StackFacts;
