import { formatDuration } from '../../units.ts';
import { isKnown } from '../chain.ts';
import { describeLimit, headed, headingFor, placeOf, saidBy } from '../chain-wording.ts';
import type { Rule } from '../facts.ts';

/**
 * Clients leave so many idle connections at a server of known capacity that nothing is left for new ones. Each request is taken to come
 * from another client, which is the worst case; a proxy's pool is bounded by its size and is not judged here.
 */
export const idleConnectionsOccupyWorkers: Rule = ({ joint }) => {
  if (joint === null) return [];
  const { link, requestsPerSecond, write } = joint;
  const { sender, receiver } = link;
  const { capacity, idleCloseMs, makesRoom, reuse } = receiver.server;
  if (makesRoom === true || sender.role !== 'client' || !isKnown(capacity) || !isKnown(idleCloseMs)) return [];
  if ([sender.client.reuse, reuse].some((side) => isKnown(side) && !side.value)) return [];
  const limit = idleCloseMs.value;
  if (limit !== 'never' && requestsPerSecond === null) return [];
  const idleCount =
    limit === 'never' || requestsPerSecond === null ? null : Math.round((requestsPerSecond * limit) / 1000);
  if (idleCount !== null && idleCount <= capacity.value) return [];
  const enoughMs = requestsPerSecond === null ? null : Math.floor(capacity.value / requestsPerSecond) * 1000;
  return [
    {
      severity: 'warning',
      message:
        idleCount === null
          ? `${receiver.name} holds ${capacity.value} connections at once (${saidBy(capacity)}) and never closes idle ones (${saidBy(idleCloseMs)}): that many idle clients keep all others out`
          : `${receiver.name} holds ${capacity.value} connections at once (${saidBy(capacity)}), but ${requestsPerSecond} requests a second from different clients leave ${idleCount} idle ones, each kept ${formatDuration(Number(limit))} (${saidBy(idleCloseMs)})`,
      evidence: {
        capacity: capacity.value,
        capacitySetBy: saidBy(capacity),
        idleClose: describeLimit(limit),
        idleCloseSetBy: saidBy(idleCloseMs),
        requestsPerSecond,
        idleCount,
      },
      remedy: [
        ...(enoughMs === null || enoughMs < 1000
          ? []
          : headed(
              `${headingFor(receiver, idleCloseMs)}: shorter`,
              write('receiver', { set: 'idle-close', ms: enoughMs, on: placeOf(receiver, idleCloseMs) }),
            )),
        `# or a proxy with a bounded pool in front of ${receiver.name}`,
      ],
    },
  ];
};
