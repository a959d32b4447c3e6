import { type Stack, secondsUp } from '../stack.ts';

export const stack = {
  id: 'spring-boot',
  name: 'Spring Boot with Tomcat',
  schemes: [],
  http: {
    role: 'app',
    source: {
      url: null,
      note: 'the embedded Tomcat decides; with Jetty or Netty other values hold',
      confidence: 'recalled',
    },
    server: {
      idleClose: { value: 60_000, setting: 'server.tomcat.keep-alive-timeout' },
      maxRequests: { value: 100, setting: 'server.tomcat.max-keep-alive-requests' },
      announcesClose: true,
      tcpKeepalive: null,
    },
    write: {
      idleClose: (ms) => [`server.tomcat.keep-alive-timeout=${secondsUp(ms)}s`],
    },
  },
} satisfies Stack;
