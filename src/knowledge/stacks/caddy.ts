import { GO_KEEPALIVE, type StackFacts, secondsDown, secondsUp, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'Caddy',
  processes: ['caddy'],
  source: 'https://github.com/caddyserver/caddy/blob/0cf03d32f7d99cf160d5375e8a40fbe3d910d515/modules/caddyhttp/app.go',
  note: '2.11.4',
  keepalive: GO_KEEPALIVE,
  http: {
    serverHeader: /^caddy/i,
    where: 'Caddyfile, in the global options',
    server: { idleClose: { value: 300_000, setting: 'timeouts idle' } },
    client: {
      poolIdle: { value: 120_000, setting: 'keepalive' },
      poolSize: { value: 32, setting: 'keepalive_idle_conns_per_host' },
      tcpKeepalive: { ...GO_KEEPALIVE, intervalMs: 30_000 },
    },
    write: {
      idleClose: (ms) => [`servers { timeouts { idle ${secondsUp(ms)}s } }`],
      poolIdle: (ms) => [`reverse_proxy HOST:PORT { transport http { keepalive ${secondsDown(ms)}s } }`],
      poolSize: (count) => [`reverse_proxy HOST:PORT { transport http { keepalive_idle_conns_per_host ${count} } }`],
      noReuse: () => ['reverse_proxy HOST:PORT { transport http { keepalive off } }'],
      tcpKeepaliveOnAccepted: ({ idleMs, intervalMs, count }) => [
        `servers { keepalive_idle ${wholeSeconds(idleMs)}s keepalive_interval ${wholeSeconds(intervalMs)}s keepalive_count ${count} }`,
      ],
    },
  },
} satisfies StackFacts;
