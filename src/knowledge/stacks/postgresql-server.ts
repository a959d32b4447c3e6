import { type StackFacts, wholeSeconds } from '../stack.ts';

/** 0, the default, stands for the timers of the host. */
export const stack = {
  name: 'PostgreSQL server',
  processes: ['postgres'],
  source:
    'https://github.com/postgres/postgres/blob/ab61df9e527dcedbd3bbefbcb8b634b0b72f2ad5/src/backend/utils/misc/postgresql.conf.sample',
  note: 'run with 15.20',
  confidence: 'observed',
  keepalive: 'host',
  switchOn: ({ idleMs, intervalMs, count, userTimeoutMs }) => [
    `ALTER SYSTEM SET tcp_keepalives_idle = ${wholeSeconds(idleMs)};`,
    `ALTER SYSTEM SET tcp_keepalives_interval = ${wholeSeconds(intervalMs)};`,
    `ALTER SYSTEM SET tcp_keepalives_count = ${count};`,
    ...(userTimeoutMs === 0 ? [] : [`ALTER SYSTEM SET tcp_user_timeout = ${Math.round(userTimeoutMs)};`]),
    'SELECT pg_reload_conf();',
  ],
} satisfies StackFacts;
