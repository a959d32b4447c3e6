import type { Stack } from '../stack.ts';

/** On requests with an adapter of its own: an AQL cursor is a POST, which is not sent again. */
export const stack = {
  id: 'python-arango',
  name: 'python-arango',
  schemes: [],
  http: {
    role: 'client',
    source: {
      url: 'https://github.com/arangodb/python-arango/blob/0a2dd2eeda0ed28affa5e2546ff3744a76f0b766/arango/http.py',
      note: 'Retry(3) covers HEAD, GET and OPTIONS only',
      confidence: 'verified-by-reading',
    },
    client: {
      poolIdle: { value: 'never', setting: null },
      honoursHint: false,
      retries: 'idempotent',
      tcpKeepalive: null,
    },
  },
} satisfies Stack;
