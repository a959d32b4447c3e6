import { LIBUV_PROBES, type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: `cassandra-driver for Node; ${LIBUV_PROBES}`,
  source:
    'https://github.com/apache/cassandra-java-driver/blob/f98e3433b91b49e0facfbce8e94e01e304714968/core/src/main/resources/reference.conf',
  note: 'Node 4.10.0, Java 4.18: a heartbeat every 30 s in both; TCP keepalive of the Java one is left to the host',
  switchOn: ({ idleMs }) => [
    `new Client({ socketOptions: { keepAlive: true, keepAliveDelay: ${wholeSeconds(idleMs) * 1000} } });`,
  ],
} satisfies StackFacts;
