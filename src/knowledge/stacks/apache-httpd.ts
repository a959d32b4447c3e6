import { KERNEL_KEEPALIVE, type Stack, secondsUp } from '../stack.ts';

/** Its last response on a connection says `Connection: close` (ap_set_keepalive in modules/http/http_protocol.c). */
export const stack = {
  id: 'apache-httpd',
  name: 'Apache HTTP Server',
  schemes: [],
  http: {
    role: 'app',
    aliases: ['apache', 'httpd', 'apache2'],
    source: {
      url: null,
      note: 'older sample configurations wrote 15 s; SO_KEEPALIVE on accepted sockets is recalled',
      confidence: 'read-without-address',
    },
    server: {
      idleClose: { value: 5000, setting: 'KeepAliveTimeout' },
      maxRequests: { value: 100, setting: 'MaxKeepAliveRequests' },
      announcesClose: true,
      hintMs: 5000,
      tcpKeepalive: KERNEL_KEEPALIVE,
    },
    write: {
      idleClose: (ms) => ['KeepAlive On', `KeepAliveTimeout ${secondsUp(ms)}`],
      keepOpen: () => ['KeepAlive On'],
    },
  },
} satisfies Stack;
