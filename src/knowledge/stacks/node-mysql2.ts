import { LIBUV_PROBES, type StackFacts, wholeSeconds } from '../stack.ts';

/** Switched on without a delay, so all timers are those of the host; with one, interval and count are libuv's. */
export const stack = {
  name: `mysql2 for Node; ${LIBUV_PROBES}`,
  source: 'https://www.npmjs.com/package/mysql2/v/3.24.6',
  note: 'lib/connection_config.js of 3.24.6',
  confidence: 'observed',
  keepalive: 'host',
  switchOn: ({ idleMs }) => [
    `const pool = mysql.createPool({ enableKeepAlive: true, keepAliveInitialDelay: ${wholeSeconds(idleMs) * 1000} });`,
  ],
} satisfies StackFacts;
