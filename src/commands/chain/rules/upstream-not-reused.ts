import { formatDuration } from '../../../base/units.ts';
import { TIME_WAIT_MS } from '../../../keepalive/kernel-timers.ts';
import { finiteLimit, isKnown } from '../../../knowledge/hop.ts';
import type { Rule } from '../../../report/finding.ts';
import type { ChainFacts, PairFacts } from '../facts.ts';
import { remedyAt, saidBy } from '../wording.ts';
import { poolIdleOnceReusedMs } from '../write.ts';

/** The ports of net.ipv4.ip_local_port_range as the kernel ships it: 32768 to 60999. */
const DEFAULT_PORT_COUNT = 28_232;
const TIME_WAIT_S = TIME_WAIT_MS / 1000;
/** Rounded down to a tenth. */
const PORT_LIMIT_PER_SECOND = Math.floor((DEFAULT_PORT_COUNT * 10) / TIME_WAIT_S) / 10;

export const rule: Rule<ChainFacts> = {
  id: 'upstream-not-reused',
  title: 'Each request has a connection of its own, and leaves TIME_WAIT behind',
  explain: `**What it means.** No connection between the two hops carries a second request. Each request pays for a handshake, with TLS for a second
one. Each connection stays in TIME_WAIT for a minute, at the side that closed it first.

**Why it happens.** Both ends must want to keep a connection. nginx before 1.29.7 speaks HTTP/1.0 to its upstreams unless you configure
a pool. The sync workers of gunicorn close after every response. Some clients have no pool.

**How kaprobe knows.** The configuration or the default of one end says so; the finding names the line. With \`--rate\` it counts the sockets
in TIME_WAIT: rate times 60 s. It is an error if the sender closes first and the rate needs more ports than kernels offer by default:
28,232 a minute to one address and port. Only the sender runs out of ports, because a server in TIME_WAIT takes a new connection.
After \`Connection: close\` or HTTP/1.0 either end may be first. Premises: another host, the default port range, tcp_tw_reuse not 1. On
loopback ports come free after a second (tcp_tw_reuse is 2 since Linux 4.19).

**What to do.** Switch reuse on with the lines of the remedy, at both ends if neither reuses. Then the receiver must outlast the pool of the
sender: the remedy has that line too where it is needed.

**Sources.** RFC 9293, section 3.6 (TIME-WAIT). RFC 9112, section 9.3. include/net/tcp.h of Linux (TCP_TIMEWAIT_LEN). ip-sysctl.rst
(ip_local_port_range, tcp_tw_reuse). ngx_http_upstream_module (keepalive). gunicorn's settings (worker_class).`,
  rank: -2,
  judge: (facts) => {
    if (facts.kind !== 'pair') return [];
    const { pair, requestsPerSecond } = facts;
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
    const { reuse: keepsOpen } = receiver.server;
    const keepOpen =
      isKnown(keepsOpen) && !keepsOpen.value
        ? remedyAt(facts, 'receiver', keepsOpen, { reason: 'keep connections open', wanted: { set: 'keep-open' } })
        : [];
    const reuse =
      by === 'sender'
        ? remedyAt(facts, 'sender', decidedBy, { reason: 'reuse connections', wanted: { set: 'reuse' } })
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
function outlasting(facts: PairFacts): string[] {
  const { pair, marginMs, syntax } = facts;
  const { idleCloseMs } = pair.receiver.server;
  const poolIdleMs = poolIdleOnceReusedMs(syntax.sender);
  const closeMs = finiteLimit(idleCloseMs);
  if (poolIdleMs === null || closeMs === null || poolIdleMs + marginMs <= closeMs) return [];
  return remedyAt(facts, 'receiver', idleCloseMs, {
    reason: `and then let it outlast the pool of ${pair.sender.name}, ${formatDuration(poolIdleMs)}`,
    wanted: { set: 'idle-close', ms: Math.ceil((poolIdleMs + marginMs) / 5000) * 5000 },
  });
}
