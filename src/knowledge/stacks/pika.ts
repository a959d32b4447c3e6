import { type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'pika',
  source: 'https://github.com/pika/pika/blob/2126d43a76c14fb8d365d96bd1bdcef13dad75b5/pika/connection.py',
  note: '1.4.4: takes the heartbeat of the server, 60 s; BlockingConnection answers it only in process_data_events',
  keepalive: null,
  switchOn: ({ idleMs, intervalMs, count }) => [
    `parameters = pika.ConnectionParameters('HOST', tcp_options={'TCP_KEEPIDLE': ${wholeSeconds(idleMs)}, 'TCP_KEEPINTVL': ${wholeSeconds(intervalMs)}, 'TCP_KEEPCNT': ${count}})`,
  ],
} satisfies StackFacts;
