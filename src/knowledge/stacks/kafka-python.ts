import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'kafka-python, with the timers of the host',
  source: 'https://github.com/dpkp/kafka-python/blob/a3b3836ff3a4b34ebaa42fd93500bfcb16c1e9b7/kafka/net/manager.py',
  note: '3.0.11: on without being told; connections_max_idle_ms closes after 9 min',
  keepalive: 'host',
} satisfies StackFacts;
