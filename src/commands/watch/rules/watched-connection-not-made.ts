import type { Rule } from '../../../report/finding.ts';
import type { WatchFacts } from '../facts.ts';

export const rule: Rule<WatchFacts> = {
  id: 'watched-connection-not-made',
  title: 'A connection to hold could not be made',
  explain: `**What it means.** kaprobe was asked to hold connections to this target, and at least one attempt failed. What was not connected was not
watched.

**Why it happens.** The name does not resolve, nothing listens on the port, a firewall refuses or drops the SYN, or the TLS handshake
fails. Later in a watch it often means that the server restarts, or has no room for more connections.

**How kaprobe knows.** The message has the address and the error of the first failed attempt. With several addresses each is tried in turn.
With \`--reconnect\` the next attempts follow after 1 s, 2 s, 4 s and so on, at most 30 s apart. The evidence has how many connections
were made all the same: a failure beside many others is a passing one.

**What to do.** \`kaprobe check HOST:PORT\` tells which step fails: name, connection or TLS. Then mend that step, or the target.

**Sources.** connect(2). getaddrinfo(3). RFC 9293, section 3.5.`,
  rank: 2,
  judge: ({ first, seen }) => {
    const event = first.find((each) => each.event === 'not-connected');
    if (event === undefined) return [];
    const { error = null } = event.evidence;
    return [
      {
        severity: 'error',
        message: `${seen === 0 ? 'no connection could be made' : 'at times no connection could be made'}: ${error}`,
        evidence: { error, firstAt: event.at, connectionsMade: seen },
        remedy: [],
      },
    ];
  },
};
