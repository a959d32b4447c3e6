import { isKnown } from '../../../knowledge/hop.ts';
import type { Rule } from '../../../report/finding.ts';
import type { ChainFacts } from '../facts.ts';
import { headed, headingFor, saidBy } from '../wording.ts';
import { linesFor } from '../write.ts';

export const rule: Rule<ChainFacts> = {
  id: 'pool-larger-than-server-allows',
  title: 'A pool may keep more idle connections than the receiver can hold, so that those of others find no room',
  explain: '',
  judge: (facts) => {
    if (facts.kind !== 'pair') return [];
    const { sender, receiver } = facts.pair;
    const { poolSize, reuse } = sender.client;
    const { capacity, makesRoom, reuse: keepsOpen } = receiver.server;
    if (makesRoom === true) return [];
    if (!isKnown(poolSize) || !isKnown(capacity) || poolSize.value === 'never') return [];
    if ([reuse, keepsOpen].some((side) => isKnown(side) && !side.value)) return [];
    if (poolSize.value <= capacity.value) return [];
    return [
      {
        severity: 'warning',
        message: `${sender.name} keeps up to ${poolSize.value} idle connections (${saidBy(poolSize)}), but ${receiver.name} holds ${capacity.value} at once (${saidBy(capacity)}): idle ones keep new ones waiting`,
        evidence: {
          poolSize: poolSize.value,
          poolSizeSetBy: saidBy(poolSize),
          capacity: capacity.value,
          capacitySetBy: saidBy(capacity),
        },
        remedy: headed(
          `${headingFor(sender, poolSize)}: at most ${capacity.value} in all`,
          linesFor(facts.syntax, 'sender', { set: 'pool-size', count: capacity.value }),
        ),
      },
    ];
  },
};
