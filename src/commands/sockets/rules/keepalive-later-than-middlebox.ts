import { formatDuration } from '../../../base/units.ts';
import { probePeriodMs } from '../../../keepalive/keepalive.ts';
import { forgets, labelOf } from '../../../keepalive/wording.ts';
import type { Rule } from '../../../report/finding.ts';
import { silenceMs } from '../../../sockets/keepalive-from-timer.ts';
import type { SocketsFacts } from '../facts.ts';
import { connections, evidenceOf, rescueLines } from '../socket-group.ts';

export const rule: Rule<SocketsFacts> = {
  id: 'keepalive-later-than-middlebox',
  title: 'Keepalive is on, but its probes come after the middlebox has forgotten',
  explain: `**What it means.** These connections send probes, but too far apart. After an idle period of the middlebox's timeout its entry is gone. The
next probe, and all data after it, is dropped or reset.

**Why it happens.** The first probe waits for TCP_KEEPIDLE, which is two hours by default. While probes are answered, Linux spaces them by
the longer of TCP_KEEPIDLE and TCP_KEEPINTVL. So a short idle time alone does not help.

**How kaprobe knows.** It read both timers from the socket. Where it lacks the right to do so, it knows only when the kernel's timer fires.
The silence so far and that remainder then make a lower bound. The timeout is the one that you gave: kaprobe did not measure it here. An
application that sends often enough keeps the connection alive all the same.

**What to do.** Lower both timers below the timeout, so that lost probes are tolerated too. \`kaprobe rescue\` does so in the running
process.

**Sources.** tcp(7), TCP_KEEPIDLE and TCP_KEEPINTVL. RFC 5382, REQ-5. Linux net/ipv4/tcp_timer.c, tcp_keepalive_timer().`,
  rank: 1,
  judge: (facts) => {
    const { liveSockets, strictest } = facts;
    const late = liveSockets.filter(({ risk }) => risk === 'late');
    if (strictest === null || late.length === 0) return [];
    const exact = late.flatMap(({ keepalive }) =>
      keepalive.source === 'getsockopt' ? [probePeriodMs(keepalive)] : [],
    );
    // Where only the timer is known: the silence before its next probe, which is what condemns it.
    const bounds = late.flatMap((socket) =>
      socket.keepalive.source === 'timer' ? [(silenceMs(socket) ?? 0) + (socket.nextProbeMs ?? 0)] : [],
    );
    const shortestMs = Math.min(...exact, ...bounds);
    return [
      {
        severity: 'error',
        message:
          `${connections(late)} with TCP keepalive that comes too late: their probes go out after ` +
          `${formatDuration(shortestMs)} of silence or more, but ${forgets(strictest)}`,
        evidence: {
          ...evidenceOf(late),
          shortestPeriodMs: shortestMs,
          readFromSocket: exact.length,
          concludedFromTimer: bounds.length,
          middlebox: labelOf(strictest),
          middleboxIdleTimeoutMs: strictest.idleTimeoutMs,
        },
        remedy: rescueLines(late, facts),
      },
    ];
  },
};
