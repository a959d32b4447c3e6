import { type StackFacts, wholeSeconds } from '../stack.ts';

/** One process: it keeps connections only between the URLs of one command line. */
export const stack = {
  name: 'curl 8.9 and later, one time for silence and interval',
  schemes: ['http', 'https'],
  processes: ['curl'],
  source: 'https://github.com/curl/curl/blob/5c61e168698a72b87437d58ed728bcdea6d5db42/lib/url.c',
  note: 'connections idle for more than 118 s are not reused; libcurl itself leaves keepalive off',
  keepalive: { idleMs: 60_000, intervalMs: 60_000, count: 9 },
  switchOn: ({ idleMs, count }) => [`curl --keepalive-time ${wholeSeconds(idleMs)} --keepalive-cnt ${count} URL`],
  http: { product: 'curl', aliases: ['curl'], client: { poolIdle: { value: 118_000, setting: null } } },
} satisfies StackFacts;
