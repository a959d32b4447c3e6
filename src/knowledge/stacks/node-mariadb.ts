import { LIBUV_PROBES, type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: `mariadb for Node; ${LIBUV_PROBES}`,
  source: 'https://www.npmjs.com/package/mariadb/v/3.5.4',
  note: 'lib/config of 3.5.4; the pool closes connections idle for 1800 s',
  keepalive: null,
  switchOn: ({ idleMs }) => [`const pool = mariadb.createPool({ keepAliveDelay: ${wholeSeconds(idleMs) * 1000} });`],
} satisfies StackFacts;
