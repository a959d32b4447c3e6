import { type StackFacts, wholeSeconds } from '../stack.ts';

/** It also sets a user timeout of 1 s, so data that is not acknowledged ends the connection after a second. */
export const stack = {
  name: 'py-amqp (Celery, kombu)',
  source: 'https://github.com/celery/py-amqp/blob/a03ad34f9b620773f50a4e19f26382bc23140e63/amqp/transport.py',
  note: '5.3.1',
  keepalive: { idleMs: 60_000, intervalMs: 10_000, count: 9 },
  switchOn: ({ idleMs, intervalMs, count }) => [
    `broker_transport_options = {'socket_settings': {'TCP_KEEPIDLE': ${wholeSeconds(idleMs)}, 'TCP_KEEPINTVL': ${wholeSeconds(intervalMs)}, 'TCP_KEEPCNT': ${count}}}`,
  ],
} satisfies StackFacts;
