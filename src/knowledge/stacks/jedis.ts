import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'Jedis, with the timers of the host',
  schemes: ['redis', 'rediss'],
  source:
    'https://github.com/redis/jedis/blob/9bcb5c602b0a21b9106501d8b6c0b148c27d73dc/src/main/java/redis/clients/jedis/DefaultJedisSocketFactory.java',
  note: '7.5.3: always on; the pool pings idle connections every 30 s and drops those idle for 60 s',
  keepalive: 'host',
} satisfies StackFacts;
