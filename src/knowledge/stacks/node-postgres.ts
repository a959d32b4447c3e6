import { LIBUV_PROBES, type StackFacts, wholeSeconds } from '../stack.ts';

/** Without the delay the timers are those of the host. */
export const stack = {
  name: `pg (node-postgres); ${LIBUV_PROBES}`,
  schemes: ['postgres', 'postgresql'],
  source: 'https://www.npmjs.com/package/pg/v/8.23.1',
  note: 'lib/client.js and connection.js of 8.23.1; a Pool (pg-pool) takes the same options and closes connections idle for 10 s',
  keepalive: null,
  switchOn: ({ idleMs }) => [
    "import { Client } from 'pg';",
    `const client = new Client({ host: 'HOST', keepAlive: true, keepAliveInitialDelayMillis: ${wholeSeconds(idleMs) * 1000} });`,
  ],
} satisfies StackFacts;
