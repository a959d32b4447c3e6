import { formatDuration, plural } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { WatchFacts } from '../facts.ts';

export const rule: Rule<WatchFacts> = {
  id: 'watched-connection-closed',
  title: 'The peer closed a connection that kaprobe held idle',
  explain: `**What it means.** kaprobe held a connection and sent nothing on it after the handshake. The peer, or a proxy in its place, sent FIN. Other
clients that leave a connection idle there meet the same end.

**Why it happens.** Servers and proxies limit how long a connection may be idle. Many limit the wait for a first request or a login more
strictly, such as nginx's client_header_timeout and PostgreSQL's authentication_timeout, both 60 s. A server that shuts down or reloads
closes its connections too.

**How kaprobe knows.** Its own socket received the FIN; the evidence has how long the first such connection had lived. TCP keepalive does
not prevent this close, because its probes carry no payload. One close does not tell an idle limit from a restart: equal ages of several
do. What a server allows after a request or a login may be more. Connections of other processes are not judged: closing them is what programs do.

**What to do.** Let your client give up idle connections before that age, or raise the limit of the server. For HTTP,
\`kaprobe http URL\` measures the limit.

**Sources.** RFC 9293, section 3.6. RFC 9112, section 9.5. Documentation of the server (idle timeouts).`,
  rank: 3,
  judge: ({ mode, counts, first }) => {
    if (mode === 'observed') return []; // between programs that is how connections end
    const count = counts['closed-by-peer'];
    if (count === 0) return [];
    const event = first.find((each) => each.event === 'closed-by-peer');
    const livedForMs = event?.evidence['livedForMs'];
    return [
      {
        severity: 'warning',
        message:
          `the peer closed ${plural(count, 'connection')}` +
          (typeof livedForMs === 'number' ? `, the first after ${formatDuration(livedForMs)}` : ''),
        evidence: { closedByPeer: count, firstAt: event?.at ?? null, livedForMs: livedForMs ?? null },
        remedy: [],
      },
    ];
  },
};
