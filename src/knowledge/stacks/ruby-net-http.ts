import { type StackFacts, secondsDown } from '../stack.ts';

export const stack = {
  name: 'Ruby Net::HTTP',
  source: 'https://github.com/ruby/net-http/blob/69f6f6dedd5648290e224956c6b3f57ab516f537/lib/net/http.rb',
  note: '0.9.1: after 2 s it opens a new connection; GET, HEAD, PUT, DELETE, OPTIONS and TRACE are sent again once',
  keepalive: null,
  http: {
    aliases: ['net-http'],
    client: { poolIdle: { value: 2000, setting: 'keep_alive_timeout' }, retries: 'idempotent' },
    write: { poolIdle: (ms) => [`http.keep_alive_timeout = ${secondsDown(ms)}`] },
  },
} satisfies StackFacts;
