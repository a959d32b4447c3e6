import { GO_KEEPALIVE, type Stack, secondsUp } from '../stack.ts';

/** Of its reverse_proxy nothing is known here. */
export const stack = {
  id: 'caddy',
  name: 'Caddy',
  schemes: [],
  http: {
    role: 'proxy',
    source: { url: null, note: null, confidence: 'recalled' },
    server: {
      idleClose: { value: 300_000, setting: 'timeouts idle' },
      tcpKeepalive: GO_KEEPALIVE,
    },
    client: {
      tcpKeepalive: GO_KEEPALIVE,
    },
    write: {
      idleClose: (ms) => [`servers { timeouts { idle ${secondsUp(ms)}s } }`],
    },
  },
} satisfies Stack;
