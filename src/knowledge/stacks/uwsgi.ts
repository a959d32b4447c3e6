import { type Stack, secondsUp } from '../stack.ts';

/** Its HTTP router closes after each response unless http-keepalive is set. */
export const stack = {
  id: 'uwsgi',
  name: 'uWSGI HTTP router',
  schemes: [],
  http: {
    role: 'app',
    source: { url: null, note: null, confidence: 'recalled' },
    server: {
      reuse: false,
      tcpKeepalive: null,
    },
    write: {
      keepOpen: () => ['http-keepalive = 75'],
      idleClose: (ms) => [`http-keepalive = ${secondsUp(ms)}`],
    },
  },
} satisfies Stack;
