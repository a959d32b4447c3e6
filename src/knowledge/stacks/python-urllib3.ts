import type { StackFacts } from '../stack.ts';
import { pythonSocketOptions } from './python-socket.ts';

/** `socket_options` replaces the defaults, so they are added to (urllib3/connection.py: default_socket_options). */
export const stack = {
  name: 'urllib3',
  schemes: ['http', 'https'],
  rank: 8,
  source: 'https://pypi.org/project/urllib3/2.8.0/',
  note: 'urllib3/connection.py and connectionpool.py of 2.8.0: before reuse it only looks whether the socket is readable or closed',
  keepalive: null,
  switchOn: (values) => [
    'import socket, urllib3',
    'from urllib3.connection import HTTPConnection',
    'http = urllib3.PoolManager(socket_options=HTTPConnection.default_socket_options + [',
    ...pythonSocketOptions(values).map((option) => `    ${option},`),
    '])',
  ],
  http: {
    aliases: ['urllib3'],
    client: {
      poolIdle: { value: 'never', setting: null },
      poolSize: { value: 1, setting: 'maxsize' },
      honoursHint: false,
      retries: 'idempotent',
    },
    write: {
      poolSize: (count) => [`http = urllib3.PoolManager(maxsize=${count})`],
      noReuse: () => ["http = urllib3.PoolManager(headers={'Connection': 'close'})"],
    },
  },
} satisfies StackFacts;
