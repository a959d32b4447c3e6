import { KERNEL_KEEPALIVE } from '../../keepalive/kernel-timers.ts';
import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'Microsoft JDBC driver for SQL Server',
  source:
    'https://github.com/microsoft/mssql-jdbc/blob/34285fd75cc26e84bfe50fc77fd138f31a0b3675/src/main/java/com/microsoft/sqlserver/jdbc/IOBuffer.java',
  note: '13.5: always on; the timers need Java 11, the count is that of the host',
  keepalive: { ...KERNEL_KEEPALIVE, idleMs: 30_000, intervalMs: 1000 },
} satisfies StackFacts;
