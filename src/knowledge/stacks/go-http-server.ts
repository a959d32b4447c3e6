import { GO_KEEPALIVE, type Stack, secondsUp } from '../stack.ts';

/** IdleTimeout 0 falls back to ReadTimeout, and that to no limit. */
export const stack = {
  id: 'go-http-server',
  name: 'Go net/http Server',
  schemes: [],
  http: {
    role: 'app',
    aliases: ['go-server'],
    source: { url: null, note: 'src/net/http/server.go', confidence: 'read-without-address' },
    server: {
      idleClose: { value: 'never', setting: 'IdleTimeout' },
      maxRequests: { value: 'never', setting: null },
      tcpKeepalive: GO_KEEPALIVE,
    },
    write: {
      idleClose: (ms) => [`server := &http.Server{IdleTimeout: ${secondsUp(ms)} * time.Second}`],
    },
  },
} satisfies Stack;
