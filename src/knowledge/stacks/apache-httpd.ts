import { type StackFacts, secondsUp } from '../stack.ts';

/** Its last response on a connection says `Connection: close` (ap_set_keepalive in modules/http/http_protocol.c). */
export const stack = {
  name: 'Apache HTTP Server',
  source: 'https://github.com/apache/httpd/blob/0cb680442ecaa6118cc610b5ecc6e824330bf61a/server/listen.c',
  note: 'run with 2.4.71; accepted sockets have SO_KEEPALIVE with the timers of the host. Only a client that sends Connection: keep-alive gets the hint. Older sample configurations wrote 15 s',
  confidence: 'observed',
  keepalive: 'host',
  http: {
    aliases: ['apache', 'httpd', 'apache2'],
    serverHeader: /^apache(?!-coyote)/i,
    where: 'httpd.conf',
    server: {
      idleClose: { value: 5000, setting: 'KeepAliveTimeout' },
      maxRequests: { value: 100, setting: 'MaxKeepAliveRequests' },
      announcesClose: true,
      hintMs: 5000,
    },
    write: {
      idleClose: (ms) => ['KeepAlive On', `KeepAliveTimeout ${secondsUp(ms)}`],
      keepOpen: () => ['KeepAlive On'],
    },
  },
} satisfies StackFacts;
