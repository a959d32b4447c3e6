import type { ChainHop } from '../../report/chain.ts';
import { formatDuration } from '../../units.ts';
import { crossingOf, isKnown } from '../chain.ts';
import { headed, headingFor, saidBy } from '../chain-wording.ts';
import type { Joint, Rule } from '../facts.ts';
import { recommendKeepalive, safetyMarginMs } from '../keepalive.ts';
import { setsockoptLines } from '../remedy.ts';

/** A box between two hops forgets a connection that both let idle longer, and no keepalive probe of either comes in time. */
export const keepaliveMissingTowardsMiddlebox: Rule = ({ joint }) => {
  if (joint === null) return [];
  return joint.link.boxes.flatMap((box) => {
    const crossing = crossingOf(joint.link, box);
    if (crossing.kind !== 'forgotten' || box.middlebox === null) return [];
    const { sender, receiver } = joint.link;
    const { idleTimeoutMs, keepaliveRefreshes } = box.middlebox;
    const idles =
      crossing.idleMs === 'never' ? 'for any length of time' : `for up to ${formatDuration(crossing.idleMs)}`;
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
          idlesFor: crossing.idleMs === 'never' ? 'no limit' : formatDuration(crossing.idleMs),
          keepaliveRefreshes,
        },
        remedy: remedyFor(joint, box, { idleTimeoutMs: idleTimeoutMs.value, refreshes: keepaliveRefreshes !== false }),
      },
    ];
  });
};

type Probes = Joint['link']['sender']['client']['tcpKeepalive'];

function describeProbes(name: string, keepalive: Probes): string {
  if (!isKnown(keepalive)) return `whether ${name} sends TCP keepalive is not known`;
  return keepalive.value === null
    ? `${name} sends no TCP keepalive`
    : `the first probe of ${name} goes after ${formatDuration(keepalive.value.idleMs)}`;
}

function remedyFor(
  { link: { sender, receiver }, write }: Joint,
  box: ChainHop,
  { idleTimeoutMs, refreshes }: { idleTimeoutMs: number; refreshes: boolean },
): string[] {
  const { poolIdleMs, tcpKeepalive } = sender.client;
  const keepalive = refreshes ? recommendKeepalive(idleTimeoutMs) : null;
  const pooled = headed(
    `${headingFor(sender, isKnown(poolIdleMs) ? poolIdleMs : null)}: give idle connections up before ${box.name}`,
    write('sender', { set: 'pool-idle', ms: idleTimeoutMs - safetyMarginMs(idleTimeoutMs) }),
  );
  if (keepalive === null) return pooled;
  const fromSender = write('sender', { set: 'tcp-keepalive', keepalive });
  const fromReceiver = write('receiver', { set: 'tcp-keepalive', keepalive });
  return [
    ...pooled,
    ...headed(
      `${headingFor(sender, isKnown(tcpKeepalive) ? tcpKeepalive : null)}: ${pooled.length === 0 ? '' : 'or '}send keepalive probes`,
      fromSender,
    ),
    ...headed(
      `${headingFor(receiver, isKnown(receiver.server.tcpKeepalive) ? receiver.server.tcpKeepalive : null)}: or send them from here`,
      fromReceiver,
    ),
    ...(pooled.length + fromSender.length + fromReceiver.length === 0 ? setsockoptLines(keepalive) : []),
  ];
}
