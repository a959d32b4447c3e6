import { alignmentOf, DEFAULT_PORT_COUNT, isKnown, TIME_WAIT_MS } from '../chain.ts';
import { headed, headingFor, placeOf, saidBy } from '../chain-wording.ts';
import type { Joint, Rule } from '../facts.ts';

const TIME_WAIT_S = TIME_WAIT_MS / 1000;
/** Rounded down to a tenth. */
const PORT_LIMIT_PER_SECOND = Math.floor((DEFAULT_PORT_COUNT * 10) / TIME_WAIT_S) / 10;

/**
 * Each request has a connection of its own, which stays in TIME_WAIT for a minute at the side that closes first (RFC 9293, 3.10.7.8). Only
 * where that is the sender is the port range the limit: its port stays taken.
 */
export const upstreamNotReused: Rule = ({ joint }) => {
  if (joint === null) return [];
  const { link, marginMs, requestsPerSecond, write } = joint;
  const alignment = alignmentOf(link, marginMs);
  if (alignment.kind !== 'not-reused') return [];
  const { sender, receiver } = link;
  const { by, closer, decidedBy, why } = alignment;
  const holder = closer === 'sender' ? sender.name : receiver.name;
  const timeWaitCount = requestsPerSecond === null ? null : Math.round(requestsPerSecond * TIME_WAIT_S);
  const beyond = closer === 'sender' && requestsPerSecond !== null && requestsPerSecond > PORT_LIMIT_PER_SECOND;
  const cost =
    requestsPerSecond === null
      ? `each leaves a socket in TIME_WAIT for ${TIME_WAIT_S} s on the side that closes first, as a rule ${holder}`
      : `${requestsPerSecond} requests a second keep ${timeWaitCount} sockets in TIME_WAIT on the side that closes first, as a rule ${holder}`;
  const limit =
    closer === 'sender'
      ? `; more than ${PORT_LIMIT_PER_SECOND} a second to one address and port find no free port, with the port range that kernels ship`
      : '; ports do not run out there, but every request pays for a handshake';
  const keepOpen =
    isKnown(receiver.server.reuse) && !receiver.server.reuse.value
      ? headed(
          `${headingFor(receiver, receiver.server.reuse)}: keep connections open`,
          write('receiver', { set: 'keep-open', on: placeOf(receiver, receiver.server.reuse) }),
        )
      : [];
  const reuse =
    by === 'sender'
      ? headed(`${headingFor(sender, decidedBy)}: reuse connections`, write('sender', { set: 'reuse' }))
      : [];
  return [
    {
      severity: beyond ? 'error' : 'warning',
      message: `${why} (${saidBy(decidedBy)}): ${cost}${limit}`,
      evidence: {
        reuseSetBy: saidBy(decidedBy),
        closesFirst: holder,
        requestsPerSecond,
        timeWaitCount,
        ...(closer === 'sender'
          ? { connectionsPerSecondLimit: PORT_LIMIT_PER_SECOND, portCount: DEFAULT_PORT_COUNT }
          : {}),
      },
      remedy: [...reuse, ...keepOpen, ...(by === 'sender' && keepOpen.length === 0 ? outlasting(joint) : [])],
    },
  ];
};

/** Once connections are reused the receiver must outlast the pool: the line that sees to it, where it does not yet. */
function outlasting({ link: { sender, receiver }, marginMs, write }: Joint): string[] {
  const { poolIdleMs } = sender.client;
  const { idleCloseMs } = receiver.server;
  if (!isKnown(poolIdleMs) || !isKnown(idleCloseMs)) return [];
  if (poolIdleMs.value === 'never' || idleCloseMs.value === 'never') return [];
  if (poolIdleMs.value + marginMs <= idleCloseMs.value) return [];
  return headed(
    `${headingFor(receiver, idleCloseMs)}: and then outlast the pool of ${sender.name}`,
    write('receiver', {
      set: 'idle-close',
      ms: Math.ceil((poolIdleMs.value + marginMs) / 5000) * 5000,
      on: placeOf(receiver, idleCloseMs),
    }),
  );
}
