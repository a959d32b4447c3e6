import { LIBUV_KEEPALIVE, type Stack, secondsDown } from '../stack.ts';

/** It uses Node's global agent, and so its values (Node 19 and later). */
export const stack = {
  id: 'axios-node',
  name: 'axios on Node',
  schemes: [],
  http: {
    role: 'client',
    aliases: ['axios'],
    source: {
      url: 'https://www.npmjs.com/package/axios/v/1.21.1',
      note: 'lib/adapters/http.js of 1.21.1',
      confidence: 'verified-by-reading',
    },
    client: {
      poolIdle: { value: 5000, setting: 'http.Agent timeout' },
      retries: 'none',
      tcpKeepalive: LIBUV_KEEPALIVE,
    },
    write: {
      poolIdle: (ms) => [
        `axios.create({ httpAgent: new http.Agent({ keepAlive: true, timeout: ${secondsDown(ms) * 1000} }) });`,
      ],
      noReuse: () => ['axios.create({ httpAgent: new http.Agent({ keepAlive: false }) });'],
    },
  },
} satisfies Stack;
