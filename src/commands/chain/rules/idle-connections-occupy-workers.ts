import { formatDuration } from '../../../base/units.ts';
import { isKnown } from '../../../knowledge/hop.ts';
import type { Rule } from '../../../report/finding.ts';
import type { ChainFacts } from '../facts.ts';
import { describeLimit, headed, headingFor, placeOf, saidBy } from '../wording.ts';
import { linesFor } from '../write.ts';

export const rule: Rule<ChainFacts> = {
  id: 'idle-connections-occupy-workers',
  title:
    "Clients leave so many idle connections at a server of known capacity that nothing is left for new ones. Each request is taken to come from another client, which is the worst case; a proxy's pool is bounded by its size and is not judged here. A connection idles until the first of the two gives it up, and no remedy lets the receiver close before a sender that has a limit of its own",
  explain: '',
  judge: (facts) => {
    if (facts.kind !== 'pair') return [];
    const { pair, requestsPerSecond, syntax } = facts;
    const { sender, receiver } = pair;
    const { capacity, idleCloseMs, makesRoom, reuse } = receiver.server;
    if (makesRoom === true || sender.role !== 'client' || !isKnown(capacity) || !isKnown(idleCloseMs)) return [];
    if ([sender.client.reuse, reuse].some((side) => isKnown(side) && !side.value)) return [];
    const { poolIdleMs } = sender.client;
    const ownMs = isKnown(poolIdleMs) && poolIdleMs.value !== 'never' ? poolIdleMs.value : null;
    const senderIsFirst = ownMs !== null && (idleCloseMs.value === 'never' || ownMs < idleCloseMs.value);
    const kept = senderIsFirst && isKnown(poolIdleMs) ? poolIdleMs : idleCloseMs;
    const limit = kept.value;
    if (limit !== 'never' && requestsPerSecond === null) return [];
    const idleCount =
      limit === 'never' || requestsPerSecond === null ? null : Math.round((requestsPerSecond * limit) / 1000);
    if (idleCount !== null && idleCount <= capacity.value) return [];
    const enoughMs = requestsPerSecond === null ? 0 : Math.floor(capacity.value / requestsPerSecond) * 1000;
    const larger =
      idleCount === null
        ? []
        : headed(
            `${headingFor(receiver, capacity)}: room for them`,
            linesFor(syntax, 'receiver', { set: 'capacity', count: idleCount, on: placeOf(receiver, capacity) }),
          );
    const shorter =
      enoughMs < 1000
        ? []
        : senderIsFirst
          ? headed(
              `${headingFor(sender, kept)}: shorter`,
              linesFor(syntax, 'sender', { set: 'pool-idle', ms: enoughMs }),
            )
          : ownMs !== null
            ? [] // the receiver closes too soon already
            : headed(
                `${headingFor(receiver, kept)}: shorter`,
                linesFor(syntax, 'receiver', { set: 'idle-close', ms: enoughMs, on: placeOf(receiver, kept) }),
              );
    return [
      {
        severity: 'warning',
        message:
          idleCount === null
            ? `${receiver.name} holds ${capacity.value} connections at once (${saidBy(capacity)}) and never closes idle ones (${saidBy(idleCloseMs)}): that many idle clients keep all others out`
            : `${receiver.name} holds ${capacity.value} connections at once (${saidBy(capacity)}), but ${requestsPerSecond} requests a second from different clients leave ${idleCount} idle ones, each kept ${formatDuration(Number(limit))} (${saidBy(kept)})`,
        evidence: {
          capacity: capacity.value,
          capacitySetBy: saidBy(capacity),
          idlesFor: describeLimit(limit),
          idlesForSetBy: saidBy(kept),
          requestsPerSecond,
          idleCount,
        },
        remedy: [
          ...larger,
          ...(larger.length > 0 && shorter.length > 0 ? ['# or'] : []),
          ...shorter,
          `# or a proxy with a bounded pool in front of ${receiver.name}`,
        ],
      },
    ];
  },
};
