import { GO_KEEPALIVE, type StackFacts, secondsDown } from '../stack.ts';

/** A Transport made without IdleConnTimeout keeps idle connections indefinitely. MaxIdleConns (100) is over all hosts. */
export const stack = {
  name: 'Go http.DefaultTransport',
  source: 'https://github.com/golang/go/blob/a925402b62c06d1cfe2b345cba0b11fa06b8401d/src/net/http/transport.go',
  note: 'to one host it keeps two idle connections and closes others after their response. That it sends idempotent requests again is recalled',
  keepalive: { ...GO_KEEPALIVE, idleMs: 30_000 },
  http: {
    aliases: ['go', 'go-client'],
    client: {
      poolIdle: { value: 90_000, setting: 'IdleConnTimeout' },
      poolSize: { value: 2, setting: 'MaxIdleConnsPerHost' },
      honoursHint: false,
      retries: 'idempotent',
    },
    write: {
      poolIdle: (ms) => [`transport := &http.Transport{IdleConnTimeout: ${secondsDown(ms)} * time.Second}`],
      poolSize: (count) => [`transport := &http.Transport{MaxIdleConns: ${count}, MaxIdleConnsPerHost: ${count}}`],
      noReuse: () => ['transport := &http.Transport{DisableKeepAlives: true}'],
    },
  },
} satisfies StackFacts;
