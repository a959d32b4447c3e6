import { type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'tokio-postgres',
  schemes: ['postgres', 'postgresql'],
  source:
    'https://github.com/sfackler/rust-postgres/blob/e1cd6beef3a1530642a2abaf3584d6bd8ed6cd45/tokio-postgres/src/config.rs',
  note: '0.7: on without being told, but after 2 h',
  keepalive: 'host',
  switchOn: ({ idleMs, intervalMs, count, userTimeoutMs }) => [
    `host=HOST keepalives_idle=${wholeSeconds(idleMs)} keepalives_interval=${wholeSeconds(intervalMs)} keepalives_retries=${count}${
      userTimeoutMs === 0 ? '' : ` tcp_user_timeout=${wholeSeconds(userTimeoutMs)}`
    }`,
  ],
} satisfies StackFacts;
