import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'Kafka broker, with the timers of the host',
  source:
    'https://github.com/apache/kafka/blob/1eb7644349cb07139d6a3c1ad1986979647cac99/core/src/main/scala/kafka/network/SocketServer.scala',
  note: '3.9: always on; connections.max.idle.ms closes after 10 min',
  keepalive: 'host',
} satisfies StackFacts;
