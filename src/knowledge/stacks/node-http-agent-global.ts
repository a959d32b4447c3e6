import { LIBUV_KEEPALIVE, type Stack, secondsDown, wholeSeconds } from '../stack.ts';

/**
 * For http.request and what is built on it, not for fetch. `keepAlive` is HTTP's and TCP's at once; interval and count are libuv's. Over
 * TLS the agent sets it only when the connection goes back to the pool (seen with Node 20), hence the line for the request.
 */
export const stack = {
  id: 'node-http-agent-global',
  name: 'Node http and https, not fetch; libuv then probes every 1 s and gives up after 10 probes',
  schemes: ['http', 'https'],
  rank: 7,
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
    role: 'client',
    product: 'Node http and https, through the global agent',
    aliases: ['node-client', 'http-agent'],
    source: {
      url: 'https://nodejs.cn/api/http/http_globalagent.html',
      note: 'of Node 19 and later; before, it kept no connection. From 24.7 on a hint of the server counts, less a second',
      confidence: 'verified-by-reading',
    },
    client: {
      poolIdle: { value: 5000, setting: 'http.Agent timeout' },
      retries: 'none',
      tcpKeepalive: LIBUV_KEEPALIVE,
    },
    write: {
      poolIdle: (ms) => [`http.globalAgent = new http.Agent({ keepAlive: true, timeout: ${secondsDown(ms) * 1000} });`],
      noReuse: () => ['http.globalAgent = new http.Agent({ keepAlive: false });'],
    },
  },
} satisfies Stack;
