import { GO_KEEPALIVE, type Stack, secondsDown, secondsUp } from '../stack.ts';

export const stack = {
  id: 'traefik',
  name: 'Traefik',
  schemes: [],
  http: {
    role: 'proxy',
    source: {
      url: 'https://github.com/traefik/traefik/blob/83d83d7a4e27cfa4c0a23c0d2a9f63dc1fa1bd21/pkg/config/static/static_config.go',
      note: '90 s towards servers is recalled; TCP keepalive as in Go is inferred',
      confidence: 'verified-by-reading',
    },
    server: {
      idleClose: { value: 180_000, setting: 'respondingTimeouts.idleTimeout' },
      tcpKeepalive: GO_KEEPALIVE,
    },
    client: {
      poolIdle: { value: 90_000, setting: 'forwardingTimeouts.idleConnTimeout' },
      tcpKeepalive: GO_KEEPALIVE,
    },
    write: {
      idleClose: (ms) => [`entryPoints.web.transport.respondingTimeouts.idleTimeout=${secondsUp(ms)}s`],
      poolIdle: (ms) => [`serversTransport.forwardingTimeouts.idleConnTimeout=${secondsDown(ms)}s`],
    },
  },
} satisfies Stack;
