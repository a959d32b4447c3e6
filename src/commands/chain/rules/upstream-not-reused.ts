import { formatDuration } from '../../../base/units.ts';
import { TIME_WAIT_MS } from '../../../keepalive/kernel-timers.ts';
import { isKnown } from '../../../knowledge/hop.ts';
import type { Rule } from '../../../report/finding.ts';
import type { ChainFacts, PairFacts } from '../facts.ts';
import { headed, headingFor, placeOf, saidBy } from '../wording.ts';
import { linesFor, poolIdleOnceReusedMs } from '../write.ts';

/** The ports of net.ipv4.ip_local_port_range as the kernel ships it: 32768 to 60999. */
const DEFAULT_PORT_COUNT = 28_232;
const TIME_WAIT_S = TIME_WAIT_MS / 1000;
/** Rounded down to a tenth. */
const PORT_LIMIT_PER_SECOND = Math.floor((DEFAULT_PORT_COUNT * 10) / TIME_WAIT_S) / 10;

export const rule: Rule<ChainFacts> = {
  id: 'upstream-not-reused',
  title:
    'Each request has a connection of its own, which stays in TIME_WAIT for a minute at the side that closes first (RFC 9293, 3.10.7.8). Only where that is the sender is the port range the limit: its port stays taken, while a server in TIME_WAIT takes a new connection from there. On loopback ports come free after a second (tcp_tw_reuse is 2 since Linux 4.19, ip-sysctl.rst)',
  explain: '',
  rank: -2,
  judge: (facts) => {
    if (facts.kind !== 'pair') return [];
    const { pair, requestsPerSecond, syntax } = facts;
    const { sender, receiver, alignment } = pair;
    if (alignment.kind !== 'not-reused') return [];
    const { by, closer, decidedBy, why } = alignment;
    const first = closer === 'sender' ? sender.name : `${sender.name} or ${receiver.name}, whichever is faster`;
    const timeWaitCount = requestsPerSecond === null ? null : Math.round(requestsPerSecond * TIME_WAIT_S);
    const beyond = closer === 'sender' && requestsPerSecond !== null && requestsPerSecond > PORT_LIMIT_PER_SECOND;
    const cost =
      requestsPerSecond === null
        ? `each leaves a socket in TIME_WAIT for ${TIME_WAIT_S} s at the side that closes first`
        : `${requestsPerSecond} requests a second keep ${timeWaitCount} sockets in TIME_WAIT at the side that closes first`;
    const limit = `${closer === 'sender' ? '' : `if ${sender.name} is the first, `}more than ${PORT_LIMIT_PER_SECOND} a second to one address and port of another host run out of free ports, with the port range that kernels ship`;
    const keepOpen =
      isKnown(receiver.server.reuse) && !receiver.server.reuse.value
        ? headed(
            `${headingFor(receiver, receiver.server.reuse)}: keep connections open`,
            linesFor(syntax, 'receiver', { set: 'keep-open', on: placeOf(receiver, receiver.server.reuse) }),
          )
        : [];
    const reuse =
      by === 'sender'
        ? headed(`${headingFor(sender, decidedBy)}: reuse connections`, linesFor(syntax, 'sender', { set: 'reuse' }))
        : [];
    return [
      {
        severity: beyond ? 'error' : 'warning',
        message: `${why} (${saidBy(decidedBy)}): ${cost}, ${first}; ${limit}`,
        evidence: {
          reuseSetBy: saidBy(decidedBy),
          closesFirst: closer === 'sender' ? sender.name : 'either',
          requestsPerSecond,
          timeWaitCount,
          connectionsPerSecondLimit: PORT_LIMIT_PER_SECOND,
          portCount: DEFAULT_PORT_COUNT,
        },
        remedy: [...reuse, ...keepOpen, ...(by === 'sender' && keepOpen.length === 0 ? outlasting(facts) : [])],
      },
    ];
  },
};

/** Once connections are reused the receiver must outlast the pool: the line that sees to it, where it does not yet. */
function outlasting({ pair: { sender, receiver }, marginMs, syntax }: PairFacts): string[] {
  const poolIdleMs = poolIdleOnceReusedMs(syntax.sender);
  const { idleCloseMs } = receiver.server;
  if (poolIdleMs === null || !isKnown(idleCloseMs) || idleCloseMs.value === 'never') return [];
  if (poolIdleMs + marginMs <= idleCloseMs.value) return [];
  return headed(
    `${headingFor(receiver, idleCloseMs)}: and then let it outlast the pool of ${sender.name}, ${formatDuration(poolIdleMs)}`,
    linesFor(syntax, 'receiver', {
      set: 'idle-close',
      ms: Math.ceil((poolIdleMs + marginMs) / 5000) * 5000,
      on: placeOf(receiver, idleCloseMs),
    }),
  );
}
