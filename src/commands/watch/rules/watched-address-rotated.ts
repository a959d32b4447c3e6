import type { Rule } from '../../../report/finding.ts';
import type { WatchFacts } from '../facts.ts';

export const rule: Rule<WatchFacts> = {
  id: 'watched-address-rotated',
  title: 'The name has other addresses now, or a process went over to another address',
  explain: `**What it means.** Connections are open to an address that the name no longer resolves to. Or a process lost its connection to one address
and now has one to the same port of another.

**Why it happens.** A database failed over, a load balancer changed its addresses, or a service was deployed anew. Connections in a pool
stay with the old address, because a name is looked up only when a connection is made.

**How kaprobe knows.** For connections of its own it looks the name up every 30 s, and compares the answer with the addresses in use. A name
with more than 16 addresses, or one whose answers differ from query to query, can look like a change. For another process it compares
addresses: it lost a connection to a port, and later made one to the same port elsewhere. A client that spreads its connections over
several servers looks the same.

**What to do.** Check whether the old address still serves. If it does not, limit the life of pooled connections, so that they follow the
name: maxLifetime in HikariCP, pool_recycle in SQLAlchemy, SetConnMaxLifetime in Go. Keepalive finds an old address that went silent.

**Sources.** RFC 1034, section 3.6 (several addresses to a name). resolv.conf(5). Documentation of your pool (maximum life).`,
  rank: 4,
  judge: ({ first, counts }) => {
    const event = first.find((each) => each.event === 'rotated');
    if (event === undefined) return [];
    const { name, connectedTo, resolvesTo, before, now } = event.evidence;
    const words = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : String(value));
    return [
      {
        severity: 'warning',
        message:
          name === undefined
            ? `a process went over from ${words(before)} to ${words(now)}`
            : `${words(name)} no longer resolves to ${words(connectedTo)}, which is connected to, but to ${words(resolvesTo)}`,
        evidence: { rotated: counts.rotated, firstAt: event.at },
        remedy: [],
      },
    ];
  },
};
