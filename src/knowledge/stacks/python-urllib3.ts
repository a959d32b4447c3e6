import { type Stack, wholeSeconds } from '../stack.ts';

/** `socket_options` replaces the defaults, so they are added to (urllib3/connection.py: default_socket_options). */
export const stack = {
  id: 'python-urllib3',
  name: 'urllib3',
  schemes: ['http', 'https'],
  rank: 8,
  switchOn({ idleMs, intervalMs, count, userTimeoutMs }) {
    return [
      'import socket, urllib3',
      'from urllib3.connection import HTTPConnection',
      'http = urllib3.PoolManager(socket_options=HTTPConnection.default_socket_options + [',
      '    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),',
      `    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, ${wholeSeconds(idleMs)}),`,
      `    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, ${wholeSeconds(intervalMs)}),`,
      `    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, ${count}),`,
      ...(userTimeoutMs === 0
        ? []
        : [`    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, ${Math.round(userTimeoutMs)}),`]),
      '])',
    ];
  },
  http: {
    role: 'client',
    product: 'urllib3',
    aliases: ['urllib3'],
    source: {
      url: 'https://pypi.org/project/urllib3/2.8.0/',
      note: 'urllib3/connection.py and connectionpool.py of 2.8.0: before reuse it only looks whether the socket is readable or closed',
      confidence: 'verified-by-reading',
    },
    client: {
      poolIdle: { value: 'never', setting: null },
      poolSize: { value: 1, setting: 'maxsize' },
      honoursHint: false,
      retries: 'idempotent',
      tcpKeepalive: null,
    },
    write: {
      poolSize: (count) => [`http = urllib3.PoolManager(maxsize=${count})`],
      noReuse: () => ["http = urllib3.PoolManager(headers={'Connection': 'close'})"],
    },
  },
} satisfies Stack;
