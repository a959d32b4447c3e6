import type { Stack } from '../stack.ts';

/** One process: it keeps connections only between the URLs of one command line. */
export const stack = {
  id: 'curl-cli',
  name: 'curl',
  schemes: [],
  http: {
    role: 'client',
    aliases: ['curl'],
    source: {
      url: 'https://github.com/curl/curl/blob/0b746469fc6a658cf81cb00ed318c0c4e1f24704/docs/cmdline-opts/keepalive-time.md',
      note: 'connections idle for more than 118 s are not reused',
      confidence: 'verified-by-reading',
    },
    client: {
      poolIdle: { value: 118_000, setting: null },
      tcpKeepalive: { idleMs: 60_000, intervalMs: 60_000, count: 9 },
    },
  },
} satisfies Stack;
