import { sysctlLine } from '../../keepalive/remedy.ts';
import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'phpredis, with the timers of the host',
  schemes: ['redis', 'rediss'],
  source: 'https://github.com/phpredis/phpredis/blob/0fe45d24d4d8c115a5b52846be072ecb9bb43329/library.c',
  note: '6.1.0',
  keepalive: null,
  switchOn: (values) => ['$redis->setOption(Redis::OPT_TCP_KEEPALIVE, 1);', `# on the host: ${sysctlLine(values)}`],
} satisfies StackFacts;
