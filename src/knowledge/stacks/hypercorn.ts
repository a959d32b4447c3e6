import { type Stack, secondsUp } from '../stack.ts';

export const stack = {
  id: 'hypercorn',
  name: 'Hypercorn',
  schemes: [],
  http: {
    role: 'app',
    source: { url: null, note: null, confidence: 'recalled' },
    server: {
      idleClose: { value: 5000, setting: 'keep_alive_timeout' },
      tcpKeepalive: null,
    },
    write: {
      idleClose: (ms) => [`keep_alive_timeout = ${secondsUp(ms)}`],
    },
  },
} satisfies Stack;
