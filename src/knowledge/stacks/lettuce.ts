import { type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'Lettuce',
  schemes: ['redis', 'rediss'],
  source:
    'https://github.com/redis/lettuce/blob/b0bcdd81430b2b3ba1c67327ed623678895bf043/src/main/java/io/lettuce/core/SocketOptions.java',
  note: 'on since 7.6.0, off before; the timers need epoll, io_uring, or NIO with Java 11',
  keepalive: { idleMs: 13_000, intervalMs: 13_000, count: 3 },
  switchOn: ({ idleMs, intervalMs, count }) => [
    'ClientOptions.builder().socketOptions(SocketOptions.builder().keepAlive(SocketOptions.KeepAliveOptions.builder().enable()',
    `    .idle(Duration.ofSeconds(${wholeSeconds(idleMs)})).interval(Duration.ofSeconds(${wholeSeconds(intervalMs)})).count(${count})`,
    '    .build()).build()).build();',
  ],
} satisfies StackFacts;
