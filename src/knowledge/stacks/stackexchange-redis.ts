import { sysctlLine } from '../../keepalive/remedy.ts';
import { type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'StackExchange.Redis, with the timers of the host',
  schemes: ['redis', 'rediss'],
  source:
    'https://github.com/StackExchange/StackExchange.Redis/blob/90bbf1fcba1c9cc464c94b96d16c2706f590383f/src/StackExchange.Redis/Configuration/DefaultOptionsProvider.cs',
  note: '3.1.31; a message of its own every 60 s (keepAlive)',
  keepalive: 'host',
  switchOn: (values) => [`HOST:6379,keepAlive=${wholeSeconds(values.idleMs)},tcpKeepAlive=true`, sysctlLine(values)],
} satisfies StackFacts;
