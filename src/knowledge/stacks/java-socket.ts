import { type StackFacts, wholeSeconds } from '../stack.ts';

/** On Linux since JDK 11 (jdk.net.ExtendedSocketOptions); Java has no option for TCP_USER_TIMEOUT. */
export const stack = {
  name: 'Java 11 and later, on a Socket or SocketChannel',
  schemes: ['tcp', 'tls'],
  rank: 12,
  processes: ['java'],
  source: null,
  confidence: 'read-without-address',
  keepalive: null,
  switchOn: ({ idleMs, intervalMs, count }) => [
    'socket.setOption(java.net.StandardSocketOptions.SO_KEEPALIVE, true);',
    `socket.setOption(jdk.net.ExtendedSocketOptions.TCP_KEEPIDLE, ${wholeSeconds(idleMs)});`,
    `socket.setOption(jdk.net.ExtendedSocketOptions.TCP_KEEPINTERVAL, ${wholeSeconds(intervalMs)});`,
    `socket.setOption(jdk.net.ExtendedSocketOptions.TCP_KEEPCOUNT, ${count});`,
  ],
} satisfies StackFacts;
