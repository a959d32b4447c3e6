import { formatDuration } from '../../../base/units.ts';
import { recommendKeepalive, safetyMarginMs } from '../../../keepalive/keepalive.ts';
import { setsockoptLines } from '../../../keepalive/remedy.ts';
import { isKnown, type MaybeChainValue, type ProbeTimers } from '../../../knowledge/hop.ts';
import type { Judgement, Rule } from '../../../report/finding.ts';
import type { Keepalive } from '../../../report/values.ts';
import type { ChainFacts, PairFacts } from '../facts.ts';
import { waitBeyond } from '../pairs/box-effect.ts';
import type { BoxHop } from '../pairs/pair.ts';
import { describeLimit, either, remedyAt, saidBy } from '../wording.ts';

export const rule: Rule<ChainFacts> = {
  id: 'keepalive-missing-towards-middlebox',
  title: 'A middlebox forgets connections of two hops, and no keepalive probe comes in time',
  explain: `**What it means.** A firewall, NAT or load balancer stands between two hops. It forgets a connection that idles too long, and mostly tells
neither end. The next request on that connection gets no answer and hangs, or meets a reset.

**Why it happens.** Both ends may let a connection idle longer than the box remembers it. Only packets keep the box from forgetting, and TCP
keepalive is off unless a program switches it on. Once on, Linux sends the first probe after two hours.

**How kaprobe knows.** It compares the idle timeout of the box with the first of the two ends to give up. The margin is a tenth of the timeout,
10 s at most. Probes of either end count if two of them may be lost and the third still comes in time. Where one of these values is not
known, kaprobe reports a gap and no finding. It is a warning if the pool gives up in time, but the sender may wait for a response longer
than the box remembers: nothing passes meanwhile. That matters only if such slow responses exist.

**What to do.** Let the pool give up idle connections before the box forgets. Or switch keepalive on at one end, with the timers of the
remedy. For slow responses only probes help. A box that counts bytes, as a proxy does, does not see probes.

**Sources.** RFC 9293, section 3.8.4 (keepalive is off by default). RFC 5382, REQ-5. tcp(7). The source of the preset:
\`kaprobe middleboxes\`.`,
  rank: -1,
  judge: (facts) => {
    if (facts.kind !== 'pair') return [];
    const { sender, receiver, boxes, effects } = facts.pair;
    return boxes.flatMap((box, index) => {
      const effect = effects[index];
      if (effect?.kind === 'kept') return longWait(facts, box);
      if (effect?.kind !== 'forgotten') return [];
      const { idleTimeoutMs, keepaliveRefreshes } = box.middlebox;
      const idles = effect.idleMs === 'never' ? 'for any length of time' : `for up to ${formatDuration(effect.idleMs)}`;
      const probes =
        keepaliveRefreshes === false
          ? 'TCP keepalive does not reach its timer'
          : `${describeProbes(sender.name, sender.client.tcpKeepalive)}, ${describeProbes(receiver.name, receiver.server.tcpKeepalive)}`;
      return [
        {
          severity: 'error',
          message: `${box.name} forgets a connection that idles for ${formatDuration(idleTimeoutMs.value)} (${saidBy(idleTimeoutMs)}), but ${sender.name} and ${receiver.name} let it idle ${idles}; ${probes}`,
          evidence: {
            middleboxIdleTimeoutMs: idleTimeoutMs.value,
            middleboxIdleTimeoutSetBy: saidBy(idleTimeoutMs),
            idlesFor: describeLimit(effect.idleMs),
            keepaliveRefreshes,
          },
          remedy: remedyFor(facts, box),
        },
      ];
    });
  },
};

/** The pool gives connections up in time, but a response may take longer than the box remembers: the warning that a pool cannot help. */
function longWait(facts: PairFacts, box: BoxHop): Judgement[] {
  const wait = waitBeyond(facts.pair, box);
  if (wait === null) return [];
  const { sender, receiver } = facts.pair;
  const { idleTimeoutMs, keepaliveRefreshes } = box.middlebox;
  const unless =
    keepaliveRefreshes === false || isKnown(receiver.server.tcpKeepalive)
      ? ''
      : `, unless ${receiver.name} sends TCP keepalive, which is not known`;
  const keepalive = keepaliveRefreshes === false ? null : recommendKeepalive(idleTimeoutMs.value);
  const probes = keepalive === null ? [] : probeLines(facts, keepalive);
  return [
    {
      severity: 'warning',
      message: `${sender.name} waits for a response ${wait.value === 'never' ? 'without limit' : `up to ${formatDuration(wait.value)}`} (${saidBy(wait)}), but ${box.name} forgets a connection on which nothing passes for ${formatDuration(idleTimeoutMs.value)} (${saidBy(idleTimeoutMs)}): a response that takes longer never arrives${unless}`,
      evidence: {
        middleboxIdleTimeoutMs: idleTimeoutMs.value,
        middleboxIdleTimeoutSetBy: saidBy(idleTimeoutMs),
        responseTimeout: describeLimit(wait.value),
        responseTimeoutSetBy: saidBy(wait),
        keepaliveRefreshes,
      },
      remedy: keepalive === null || probes.length > 0 ? probes : setsockoptLines(keepalive),
    },
  ];
}

function describeProbes(name: string, keepalive: MaybeChainValue<ProbeTimers>): string {
  if (!isKnown(keepalive)) return `whether ${name} sends TCP keepalive is not known`;
  return keepalive.value === null
    ? `${name} sends no TCP keepalive`
    : `the first probe of ${name} goes after ${formatDuration(keepalive.value.idleMs)}`;
}

function remedyFor(facts: PairFacts, { name, middlebox }: BoxHop): string[] {
  const timeoutMs = middlebox.idleTimeoutMs.value;
  const keepalive = middlebox.keepaliveRefreshes === false ? null : recommendKeepalive(timeoutMs);
  const pooled = remedyAt(facts, 'sender', facts.pair.sender.client.poolIdleMs, {
    reason: `give idle connections up before ${name}`,
    wanted: { set: 'pool-idle', ms: timeoutMs - safetyMarginMs(timeoutMs) },
  });
  if (keepalive === null) return pooled;
  const probes = probeLines(facts, keepalive);
  return either(pooled, pooled.length + probes.length > 0 ? probes : setsockoptLines(keepalive));
}

/** Keepalive in the syntax of each end that has one. */
function probeLines(facts: PairFacts, keepalive: Keepalive): string[] {
  const { sender, receiver } = facts.pair;
  const probes = { reason: 'send keepalive probes', wanted: { set: 'tcp-keepalive', keepalive } } as const;
  return either(
    remedyAt(facts, 'sender', sender.client.tcpKeepalive, probes),
    remedyAt(facts, 'receiver', receiver.server.tcpKeepalive, probes),
  );
}
