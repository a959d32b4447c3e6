import { type Stack, wholeSeconds } from '../stack.ts';

/** On Linux since JDK 11 (jdk.net.ExtendedSocketOptions); Java has no option for TCP_USER_TIMEOUT. */
export const stack = {
  id: 'java-socket',
  name: 'Java 11 and later, on a Socket or SocketChannel',
  schemes: ['tcp', 'tls'],
  rank: 12,
  switchOn({ idleMs, intervalMs, count }) {
    return [
      'socket.setOption(java.net.StandardSocketOptions.SO_KEEPALIVE, true);',
      `socket.setOption(jdk.net.ExtendedSocketOptions.TCP_KEEPIDLE, ${wholeSeconds(idleMs)});`,
      `socket.setOption(jdk.net.ExtendedSocketOptions.TCP_KEEPINTERVAL, ${wholeSeconds(intervalMs)});`,
      `socket.setOption(jdk.net.ExtendedSocketOptions.TCP_KEEPCOUNT, ${count});`,
    ];
  },
} satisfies Stack;
