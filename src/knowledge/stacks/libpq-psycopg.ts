import { type Stack, wholeSeconds } from '../stack.ts';

/** Parameters of libpq, which psycopg passes on; `tcp_user_timeout` since PostgreSQL 12 (libpq, "Parameter Key Words"). */
export const stack = {
  id: 'libpq-psycopg',
  name: 'libpq, psql, psycopg2, psycopg 3',
  schemes: ['postgres', 'postgresql'],
  rank: 1,
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
} satisfies Stack;
