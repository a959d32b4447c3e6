import { type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'PgBouncer, in pgbouncer.ini',
  processes: ['pgbouncer'],
  source: 'https://github.com/pgbouncer/pgbouncer/blob/13a344f2625381296fc02e29b986a11be9c6b983/src/main.c',
  note: '1.25.2: on for both sides, with the timers of the host; idle server connections go after 600 s',
  keepalive: 'host',
  switchOn: ({ idleMs, intervalMs, count, userTimeoutMs }) => [
    'tcp_keepalive = 1',
    `tcp_keepidle = ${wholeSeconds(idleMs)}`,
    `tcp_keepintvl = ${wholeSeconds(intervalMs)}`,
    `tcp_keepcnt = ${count}`,
    ...(userTimeoutMs === 0 ? [] : [`tcp_user_timeout = ${Math.round(userTimeoutMs)}`]),
  ],
} satisfies StackFacts;
