import { type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'SQLAlchemy, with a driver on libpq',
  schemes: ['postgres', 'postgresql'],
  source: 'https://pypi.org/project/sqlalchemy/2.1.1/',
  note: 'pool/base.py of 2.1.1: pool_recycle -1 and pool_pre_ping False, so a dead connection is found by a query',
  switchOn: ({ idleMs, intervalMs, count, userTimeoutMs }) => [
    'from sqlalchemy import create_engine',
    "engine = create_engine('postgresql+psycopg://HOST/DATABASE', pool_pre_ping=True, connect_args={",
    `    'keepalives_idle': ${wholeSeconds(idleMs)}, 'keepalives_interval': ${wholeSeconds(intervalMs)}, 'keepalives_count': ${count},`,
    ...(userTimeoutMs === 0 ? [] : [`    'tcp_user_timeout': ${Math.round(userTimeoutMs)},`]),
    '})',
  ],
} satisfies StackFacts;
