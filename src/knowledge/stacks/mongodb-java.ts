import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'MongoDB driver for Java',
  source:
    'https://github.com/mongodb/mongo-java-driver/blob/9af9be1fa428effe0ea10e05c0e1256d2286ec3c/driver-core/src/main/com/mongodb/internal/connection/SocketStreamHelper.java',
  note: '5.10: fixed; the asynchronous transports leave the timers to the host',
  keepalive: { idleMs: 120_000, intervalMs: 10_000, count: 9 },
} satisfies StackFacts;
