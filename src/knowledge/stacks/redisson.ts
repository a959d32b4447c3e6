import { type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'Redisson',
  schemes: ['redis', 'rediss'],
  source:
    'https://github.com/redisson/redisson/blob/66863978b4a92093b97c1f8c96f182a77e81d50e/redisson/src/main/java/org/redisson/config/BaseConfig.java',
  note: '4.7.0: a PING every 30 s on each connection; idle ones beyond the least are closed after 10 s',
  keepalive: null,
  switchOn: ({ idleMs, intervalMs, count }) => [
    'config.useSingleServer().setKeepAlive(true)',
    `    .setTcpKeepAliveIdle(${wholeSeconds(idleMs)}).setTcpKeepAliveInterval(${wholeSeconds(intervalMs)}).setTcpKeepAliveCount(${count});`,
  ],
} satisfies StackFacts;
