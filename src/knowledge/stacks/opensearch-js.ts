import { LIBUV_KEEPALIVE, LIBUV_PROBES, type StackFacts, secondsDown, wholeSeconds } from '../stack.ts';

export const stack = {
  name: `OpenSearch client for Node; ${LIBUV_PROBES}`,
  schemes: ['http', 'https'],
  source: 'https://www.npmjs.com/package/@opensearch-project/opensearch/v/3.9.0',
  note: 'lib/Connection.js of 3.9.0: no idle limit but the hint of the server',
  keepalive: LIBUV_KEEPALIVE,
  switchOn: ({ idleMs }) => [`new Client({ node, agent: { keepAliveMsecs: ${wholeSeconds(idleMs) * 1000} } });`],
  http: {
    product: 'OpenSearch client for Node',
    client: { poolIdle: { value: 'never', setting: 'agent timeout' }, honoursHint: true },
    write: { poolIdle: (ms) => [`new Client({ node, agent: { timeout: ${secondsDown(ms) * 1000} } });`] },
  },
} satisfies StackFacts;
