import { LIBUV_KEEPALIVE, type Stack, secondsDown } from '../stack.ts';

export const stack = {
  id: 'agentkeepalive',
  name: 'agentkeepalive',
  schemes: [],
  http: {
    role: 'client',
    source: {
      url: 'https://www.npmjs.com/package/agentkeepalive/v/4.6.0',
      note: 'lib/agent.js of 4.6.0',
      confidence: 'verified-by-reading',
    },
    client: {
      poolIdle: { value: 4000, setting: 'freeSocketTimeout' },
      tcpKeepalive: LIBUV_KEEPALIVE,
    },
    write: {
      poolIdle: (ms) => [`new HttpAgent({ freeSocketTimeout: ${secondsDown(ms) * 1000} });`],
    },
  },
} satisfies Stack;
