import { type StackFacts, secondsUp } from '../stack.ts';

export const stack = {
  name: 'Spring Boot with Tomcat',
  source: null,
  note: 'the embedded Tomcat decides; with Jetty (server.jetty.connection-idle-timeout) or Netty (server.netty.idle-timeout) other values hold',
  confidence: 'recalled',
  keepalive: null,
  http: {
    server: {
      idleClose: { value: 60_000, setting: 'server.tomcat.keep-alive-timeout' },
      maxRequests: { value: 100, setting: 'server.tomcat.max-keep-alive-requests' },
      announcesClose: true,
    },
    write: { idleClose: (ms) => [`server.tomcat.keep-alive-timeout=${secondsUp(ms)}s`] },
  },
} satisfies StackFacts;
