import type { StackFacts } from '../stack.ts';
import { toolbeltAdapter } from './python-requests.ts';

/** On requests with an adapter of its own: an AQL cursor is a POST, which is not sent again. */
export const stack = {
  name: 'python-arango, with requests-toolbelt',
  schemes: ['http', 'https'],
  source: 'https://github.com/arangodb/python-arango/blob/0a2dd2eeda0ed28affa5e2546ff3744a76f0b766/arango/http.py',
  note: 'Retry(3) covers HEAD, GET and OPTIONS only',
  keepalive: null,
  switchOn: (values) => [
    'import arango',
    ...toolbeltAdapter(values),
    'class KeepaliveClient(arango.http.DefaultHTTPClient):',
    '    def create_session(self, host):',
    '        session = super().create_session(host)',
    "        session.mount('http://', adapter)",
    "        session.mount('https://', adapter)",
    '        return session',
    "client = arango.ArangoClient(hosts='http://HOST:8529', http_client=KeepaliveClient())",
  ],
  http: {
    product: 'python-arango',
    client: { poolIdle: { value: 'never', setting: null }, honoursHint: false, retries: 'idempotent' },
  },
} satisfies StackFacts;
