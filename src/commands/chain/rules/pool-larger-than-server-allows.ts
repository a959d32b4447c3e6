import { isKnown } from '../../../knowledge/hop.ts';
import type { Rule } from '../../../report/finding.ts';
import type { ChainFacts } from '../facts.ts';
import { remedyAt, saidBy } from '../wording.ts';

export const rule: Rule<ChainFacts> = {
  id: 'pool-larger-than-server-allows',
  title: 'A pool may keep more idle connections than the receiver can hold',
  explain: `**What it means.** The sender may keep more idle connections than the receiver has room for. Idle connections then take the places of
new ones. New requests wait, although the receiver has nothing to do.

**Why it happens.** The size of a pool and the capacity of a server are set in different places, often by different people. nginx counts
\`keepalive\` for each worker process, so that 32 means 128 with four workers. A threaded server may hold one connection a thread.

**How kaprobe knows.** It compares the pool in all processes with the connections that the receiver holds at once. It says nothing where the
receiver makes room: nginx closes idle connections when it is full, and gunicorn's gthread keeps places free. A pool without a limit
is not judged. The pool fills only as far as there were that many requests at once; the finding is about what may happen.

**What to do.** Make the pool at most as large as the capacity, with the line of the remedy. With several senders the sum counts. Or raise the
capacity of the receiver.

**Sources.** ngx_http_upstream_module (keepalive). gunicorn's settings (worker_connections, threads). Apache's mpm_common
(MaxRequestWorkers).`,
  judge: (facts) => {
    if (facts.kind !== 'pair') return [];
    const { sender, receiver, alignment } = facts.pair;
    const { poolSize } = sender.client;
    const { capacity, makesRoom } = receiver.server;
    if (makesRoom === true || alignment.kind === 'not-reused') return [];
    if (!isKnown(poolSize) || !isKnown(capacity) || poolSize.value === 'never') return [];
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
        remedy: remedyAt(facts, 'sender', poolSize, {
          reason: `at most ${capacity.value} in all`,
          wanted: { set: 'pool-size', count: capacity.value },
        }),
      },
    ];
  },
};
