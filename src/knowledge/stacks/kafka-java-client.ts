import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'Kafka clients for Java, with the timers of the host',
  source:
    'https://github.com/apache/kafka/blob/e1bcd35730a10c06a6e49d3882d787611b106f95/clients/src/main/java/org/apache/kafka/common/network/Selector.java',
  note: 'always on; connections.max.idle.ms closes after 9 min, before the broker does (10 min)',
  keepalive: 'host',
} satisfies StackFacts;
