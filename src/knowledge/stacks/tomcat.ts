import { type StackFacts, secondsUp } from '../stack.ts';

/** keepAliveTimeout falls back to connectionTimeout: 60 s by default, 20 s in the server.xml that is shipped. */
export const stack = {
  name: 'Apache Tomcat',
  source:
    'https://github.com/apache/tomcat/blob/84ac9af072d4c43ebb44ccc0ceba405ad0a84903/java/org/apache/coyote/http11/Constants.java',
  note: '60 s; the shipped server.xml makes it 20 s. HTTP/2: 20 s',
  keepalive: null,
  http: {
    serverHeader: /^apache-coyote/i,
    where: 'server.xml',
    server: {
      idleClose: { value: 60_000, setting: 'keepAliveTimeout' },
      maxRequests: { value: 100, setting: 'maxKeepAliveRequests' },
      announcesClose: true,
    },
    write: { idleClose: (ms) => [`<Connector ... keepAliveTimeout="${secondsUp(ms) * 1000}" />`] },
  },
} satisfies StackFacts;
