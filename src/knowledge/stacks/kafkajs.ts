import { LIBUV_KEEPALIVE, type StackFacts } from '../stack.ts';

export const stack = {
  name: 'KafkaJS',
  source: 'https://www.npmjs.com/package/kafkajs/v/2.2.4',
  note: 'src/network/socketFactory.js of 2.2.4: fixed; another socketFactory changes it',
  keepalive: { ...LIBUV_KEEPALIVE, idleMs: 60_000 },
} satisfies StackFacts;
