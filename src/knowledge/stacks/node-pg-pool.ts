import { LIBUV_PROBES, type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: `pg-pool (node-postgres); ${LIBUV_PROBES}`,
  schemes: ['postgres', 'postgresql'],
  source: 'https://www.npmjs.com/package/pg-pool/v/3.14.0',
  note: 'index.js of 3.14.0; the pool closes connections idle for 10 s (idleTimeoutMillis)',
  keepalive: null,
  switchOn: ({ idleMs }) => [
    "import { Pool } from 'pg';",
    `const pool = new Pool({ host: 'HOST', keepAlive: true, keepAliveInitialDelayMillis: ${wholeSeconds(idleMs) * 1000} });`,
  ],
} satisfies StackFacts;
