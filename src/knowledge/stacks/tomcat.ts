import { type Stack, secondsUp } from '../stack.ts';

/** keepAliveTimeout falls back to connectionTimeout: 60 s by default, 20 s in the server.xml that is shipped. */
export const stack = {
  id: 'tomcat',
  name: 'Apache Tomcat',
  schemes: [],
  http: {
    role: 'app',
    source: {
      url: 'https://github.com/apache/tomcat/blob/b9efde010b56d3ca84bcf2953698c24ffdfd1838/webapps/docs/config/http.xml',
      note: '60 s; the shipped server.xml makes it 20 s',
      confidence: 'recalled',
    },
    server: {
      idleClose: { value: 60_000, setting: 'keepAliveTimeout' },
      maxRequests: { value: 100, setting: 'maxKeepAliveRequests' },
      announcesClose: true,
      tcpKeepalive: null,
    },
    write: {
      idleClose: (ms) => [`<Connector ... keepAliveTimeout="${secondsUp(ms) * 1000}" />`],
    },
  },
} satisfies Stack;
