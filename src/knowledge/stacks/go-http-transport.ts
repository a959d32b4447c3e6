import { GO_KEEPALIVE, type Stack, secondsDown } from '../stack.ts';

/** A Transport made without IdleConnTimeout keeps idle connections for ever (recalled). */
export const stack = {
  id: 'go-http-transport',
  name: 'Go http.DefaultTransport',
  schemes: [],
  http: {
    role: 'client',
    aliases: ['go', 'go-client'],
    source: {
      url: 'https://github.com/golang/go/blob/a925402b62c06d1cfe2b345cba0b11fa06b8401d/src/net/http/transport.go',
      note: 'that it sends idempotent requests again is recalled',
      confidence: 'verified-by-reading',
    },
    client: {
      poolIdle: { value: 90_000, setting: 'IdleConnTimeout' },
      poolSize: { value: 100, setting: 'MaxIdleConns' },
      honoursHint: false,
      retries: 'idempotent',
      tcpKeepalive: { ...GO_KEEPALIVE, idleMs: 30_000 },
    },
    write: {
      poolIdle: (ms) => [`transport := &http.Transport{IdleConnTimeout: ${secondsDown(ms)} * time.Second}`],
      poolSize: (count) => [`transport := &http.Transport{MaxIdleConns: ${count}}`],
      noReuse: () => ['transport := &http.Transport{DisableKeepAlives: true}'],
    },
  },
} satisfies Stack;
