import { formatDuration, plural } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { WatchFacts } from '../facts.ts';

export const rule: Rule<WatchFacts> = {
  id: 'watched-connection-stalled',
  title: 'A watched connection stalled: what was sent on it went unanswered',
  explain: `**What it means.** Several probes or retransmissions in a row drew no answer. Both programs still see an open connection, but nothing
crosses it. A program that waits in a read waits on, until the kernel or a timeout of its own ends it.

**Why it happens.** Usually a firewall, NAT or load balancer forgot the idle connection and silently drops its packets. Otherwise the far
host or the network in between is down.

**How kaprobe knows.** The kernel counts what is unanswered on each socket: keepalive probes, window probes, retransmissions. Three in a
row make a stall, or as many as the connection's own TCP_KEEPCNT, if that is smaller. With 1 % loss each way chance alone does that 8
times in a million, with 20 % 5 times in a hundred. A far host that was suspended looks the same, and so does a short outage: then
\`recovered\` follows. A silent connection without keepalive never shows a stall, because nothing is sent on it.

**What to do.** \`kaprobe measure HOST:PORT\` finds how long that path keeps an idle connection, and which hop drops it. Then set
TCP_KEEPIDLE well below that time in the program.

**Sources.** tcp(7) (TCP_KEEPCNT, TCP_INFO). RFC 9293, section 3.8.4. RFC 5382, section 5. Linux net/ipv4/tcp_timer.c.`,
  judge: ({ counts, first }) => {
    const count = Math.max(counts.stalled, counts['timed-out']);
    if (count === 0) return [];
    const event = first.find((each) => each.event === 'stalled') ?? first.find((each) => each.event === 'timed-out');
    const connection = event?.connection ?? null;
    const { unansweredProbes = null, retransmits = null, lastAcknowledgedMs = null } = event?.evidence ?? {};
    return [
      {
        severity: 'error',
        message:
          `${plural(count, 'stall')} ${count === 1 ? 'was' : 'were'} seen` +
          (connection === null || event === undefined
            ? ''
            : `, the first ${formatDuration(event.atMs)} after the start on ${connection.local} to ${connection.remote}`) +
          `: what was sent went unanswered time after time; ${counts.recovered} recovered, ${counts['timed-out']} the kernel gave up`,
        evidence: {
          stalled: counts.stalled,
          recovered: counts.recovered,
          timedOut: counts['timed-out'],
          firstAt: event?.at ?? null,
          unansweredProbes,
          retransmits,
          lastAcknowledgedMs,
        },
        remedy:
          connection === null
            ? []
            : [
                '# how long that path keeps an idle connection, and who drops it:',
                `kaprobe measure ${connection.remote}`,
              ],
      },
    ];
  },
};
