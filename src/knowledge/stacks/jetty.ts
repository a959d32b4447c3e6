import { type Stack, secondsUp } from '../stack.ts';

export const stack = {
  id: 'jetty',
  name: 'Eclipse Jetty',
  schemes: [],
  http: {
    role: 'app',
    source: {
      url: null,
      note: '30 s; nginx with its pool of 60 s in front of it is a documented source of 502',
      confidence: 'read-without-address',
    },
    server: {
      idleClose: { value: 30_000, setting: 'jetty.http.idleTimeout' },
      maxRequests: { value: 'never', setting: null },
      tcpKeepalive: null,
    },
    write: {
      idleClose: (ms) => [`jetty.http.idleTimeout=${secondsUp(ms) * 1000}`],
    },
  },
} satisfies Stack;
