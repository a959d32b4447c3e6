import { type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'Npgsql',
  schemes: ['postgres', 'postgresql'],
  source:
    'https://github.com/npgsql/npgsql/blob/3cb5804b769b000a1fc88ad8e5e764667f0df4a1/src/Npgsql/NpgsqlConnectionStringBuilder.cs',
  note: '10.0.3; the pool closes connections idle for 300 s beyond its least size',
  keepalive: null,
  switchOn: ({ idleMs, intervalMs }) => [
    `Host=HOST;Tcp Keepalive=true;Tcp Keepalive Time=${wholeSeconds(idleMs)};Tcp Keepalive Interval=${wholeSeconds(intervalMs)}`,
  ],
} satisfies StackFacts;
