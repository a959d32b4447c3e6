import { type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'MySqlConnector for .NET',
  source:
    'https://github.com/mysql-net/MySqlConnector/blob/61366757a2ae58e9ec0624518d437212ffae04eb/src/MySqlConnector/Utilities/SocketExtensions.cs',
  note: '2.6.1: always on, with the timers of the host unless Keepalive is set; the pool drops connections idle for 180 s',
  keepalive: 'host',
  switchOn: ({ idleMs }) => [`Server=HOST;Keepalive=${wholeSeconds(idleMs)}`],
} satisfies StackFacts;
