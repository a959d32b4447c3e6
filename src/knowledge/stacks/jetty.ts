import { type StackFacts, secondsUp } from '../stack.ts';

export const stack = {
  name: 'Eclipse Jetty',
  source:
    'https://github.com/jetty/jetty.project/blob/acf33259281419d619d8e392e6f3b2d654bcc914/jetty-core/jetty-server/src/main/java/org/eclipse/jetty/server/AbstractConnector.java',
  note: '12.0.14; nginx with its pool of 60 s before it is a documented source of 502',
  keepalive: null,
  http: {
    serverHeader: /^jetty/i,
    where: 'start.d/http.ini',
    server: {
      idleClose: { value: 30_000, setting: 'jetty.http.idleTimeout' },
      maxRequests: { value: 'never', setting: null },
    },
    write: { idleClose: (ms) => [`jetty.http.idleTimeout=${secondsUp(ms) * 1000}`] },
  },
} satisfies StackFacts;
