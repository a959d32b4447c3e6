import { GO_KEEPALIVE, type StackFacts, secondsDown, secondsUp } from '../stack.ts';

export const stack = {
  name: 'Traefik',
  source:
    'https://github.com/traefik/traefik/blob/fd5a576df2e8aeb0bfc8a96b6ef6e60a61f7ec0a/pkg/server/server_entrypoint_tcp.go',
  note: '3.7.9',
  keepalive: { ...GO_KEEPALIVE, idleMs: 180_000 },
  http: {
    server: { idleClose: { value: 180_000, setting: 'respondingTimeouts.idleTimeout' } },
    client: {
      poolIdle: { value: 90_000, setting: 'forwardingTimeouts.idleConnTimeout' },
      tcpKeepalive: { ...GO_KEEPALIVE, idleMs: 30_000 },
    },
    write: {
      idleClose: (ms) => [`entryPoints.web.transport.respondingTimeouts.idleTimeout=${secondsUp(ms)}s`],
      poolIdle: (ms) => [`serversTransport.forwardingTimeouts.idleConnTimeout=${secondsDown(ms)}s`],
    },
  },
} satisfies StackFacts;
