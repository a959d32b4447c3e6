import { formatDuration } from '../../../base/units.ts';
import { finiteLimit, isKnown } from '../../../knowledge/hop.ts';
import type { Rule } from '../../../report/finding.ts';
import type { ChainFacts } from '../facts.ts';
import { describeLimit, either, remedyAt, saidBy } from '../wording.ts';

export const rule: Rule<ChainFacts> = {
  id: 'idle-connections-occupy-workers',
  title: 'Idle connections of clients take all places of a server',
  explain: `**What it means.** Clients leave idle connections at a server that holds only so many. When all places are taken, new clients wait, although
the server is idle.

**Why it happens.** A server that gives each connection a worker or a thread keeps it busy until the connection ends. Many clients that come
once and keep their connection add up: 50 a second, each kept for 15 s, are 750.

**How kaprobe knows.** It multiplies \`--rate\` by the time that a connection idles: until the first of the two ends gives it up. The product
must not exceed the capacity. Each request is taken to come from another client, which is the worst case. Without \`--rate\` kaprobe
judges only connections that never end. It does not judge a proxy in front, whose pool has a size of its own, nor a server that makes
room.

**What to do.** Put a proxy with a bounded pool in front: it holds idle clients cheaply. Or raise the capacity, or shorten the idle timeout
with the lines of the remedy. The server must not close before a client that has a limit of its own: that would bring
\`upstream-closes-first\`.

**Sources.** Little's law. Apache's core (KeepAliveTimeout) and mpm_common (MaxRequestWorkers). RFC 9112, section 9.5.`,
  judge: (facts) => {
    if (facts.kind !== 'pair') return [];
    const { pair, requestsPerSecond } = facts;
    const { sender, receiver, alignment } = pair;
    const { capacity, idleCloseMs, makesRoom } = receiver.server;
    if (makesRoom === true || alignment.kind === 'not-reused' || sender.role !== 'client') return [];
    if (!isKnown(capacity) || !isKnown(idleCloseMs)) return [];
    const { poolIdleMs } = sender.client;
    const ownMs = finiteLimit(poolIdleMs);
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
        : remedyAt(facts, 'receiver', capacity, {
            reason: 'room for them',
            wanted: { set: 'capacity', count: idleCount },
          });
    // Where the sender has a limit that is not the first, the receiver closes too soon already.
    const end = senderIsFirst ? 'sender' : ownMs === null ? 'receiver' : null;
    const shorter =
      end === null || enoughMs < 1000
        ? []
        : remedyAt(facts, end, kept, {
            reason: 'shorter',
            wanted: { set: end === 'sender' ? 'pool-idle' : 'idle-close', ms: enoughMs },
          });
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
        remedy: [...either(larger, shorter), `# or a proxy with a bounded pool in front of ${receiver.name}`],
      },
    ];
  },
};
