import { type Stack, wholeSeconds } from './stack.ts';

/**
 * For http.request and what is built on it, not for fetch. `keepAlive` is HTTP's and TCP's at once; interval and count are libuv's. Over
 * TLS the agent sets it only when the connection goes back to the pool (seen with Node 20), hence the line for the request.
 */
export const stack = {
  id: 'node-http-agent-global',
  name: 'Node http and https, not fetch; libuv then probes every 1 s and gives up after 10 probes',
  schemes: ['http', 'https'],
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
} satisfies Stack;
