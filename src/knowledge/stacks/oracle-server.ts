import type { StackFacts } from '../stack.ts';

/** Minutes: it probes with TCP keepalive since 12c. */
export const stack = {
  name: 'Oracle Database, in sqlnet.ora',
  source: 'https://www.npmjs.com/package/oracledb/v/26.0.0',
  note: 'off without it, recalled; that EXPIRE_TIME switches TCP keepalive on was read in the thin client, lib/thin/sqlnet/ntTcp.js',
  confidence: 'recalled',
  keepalive: null,
  switchOn: ({ idleMs }) => [`SQLNET.EXPIRE_TIME = ${Math.max(1, Math.floor(idleMs / 60_000))}`],
} satisfies StackFacts;
