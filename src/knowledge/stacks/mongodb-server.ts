import { KERNEL_KEEPALIVE } from '../../keepalive/kernel-timers.ts';
import { sysctlLine } from '../../keepalive/remedy.ts';
import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'MongoDB server, with the timers of the host',
  processes: ['mongod', 'mongos'],
  source: null,
  note: 'takes 300 s of silence where the host has more',
  confidence: 'recalled',
  keepalive: { ...KERNEL_KEEPALIVE, idleMs: 300_000 },
  switchOn: (values) => [sysctlLine(values)],
} satisfies StackFacts;
