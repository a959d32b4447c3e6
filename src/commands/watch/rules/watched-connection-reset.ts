import { formatDuration, plural } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { WatchFacts } from '../facts.ts';

export const rule: Rule<WatchFacts> = {
  id: 'watched-connection-reset',
  title: 'A watched connection was reset, or failed with an error',
  explain: `**What it means.** A RST ended the connection, or the kernel ended it with another error. Whatever was in flight is lost. The program gets
ECONNRESET at its next read, or EPIPE at its next write.

**Why it happens.** A middlebox that forgot the connection answers its next packet with a RST. A peer that restarted, or whose program
died with unread data, does the same. So does a program that closes with SO_LINGER set to 0.

**How kaprobe knows.** On connections of its own it reads the socket's error. On those of others it compares the last two readings of the
counters: segments came in, none of them was a FIN, and only unanswered probes went out. Then a RST from outside ended it. An end amid
traffic proves nothing and is reported as \`gone\`. A RST does not say who sent it, the peer or a box on the path.

**What to do.** Look at how old the connection was, and how long it had been idle. \`kaprobe measure HOST:PORT\` tells resets by the path
from closes by the peer. If resets come at the same idle time, set keepalive below it.

**Sources.** RFC 9293, sections 3.5.2 and 3.10.7. socket(7) (SO_LINGER). Linux net/ipv4/tcp_input.c (tcp_reset).`,
  rank: 1,
  judge: ({ counts, first }) => {
    const count = counts.reset + counts.failed;
    if (count === 0) return [];
    const event = first.find((each) => each.event === 'reset' || each.event === 'failed');
    const connection = event?.connection ?? null;
    return [
      {
        severity: 'error',
        message:
          `${plural(count, 'connection')} ${count === 1 ? 'was' : 'were'} reset or failed` +
          (connection === null || event === undefined
            ? ''
            : `, the first ${formatDuration(event.atMs)} after the start: ${connection.local} to ${connection.remote}`),
        evidence: {
          reset: counts.reset,
          failed: counts.failed,
          firstAt: event?.at ?? null,
          error: event?.evidence['error'] ?? null,
          livedForMs: event?.evidence['livedForMs'] ?? null,
        },
        remedy:
          connection === null
            ? []
            : ['# whether the path or the peer resets idle connections:', `kaprobe measure ${connection.remote}`],
      },
    ];
  },
};
