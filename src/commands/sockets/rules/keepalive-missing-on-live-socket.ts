import { forgets, labelOf } from '../../../keepalive/wording.ts';
import type { Rule } from '../../../report/finding.ts';
import type { SocketsFacts } from '../facts.ts';
import { connections, evidenceOf, rescueLines } from '../socket-group.ts';

export const rule: Rule<SocketsFacts> = {
  id: 'keepalive-missing-on-live-socket',
  title: 'TCP keepalive is off on connections that are in use now',
  explain: `**What it means.** No probe will ever go out on these connections. When they idle, a middlebox forgets them, and the program learns nothing
of it. A dead peer stays unnoticed while nothing is sent.

**Why it happens.** The program, or its library, never called setsockopt(SO_KEEPALIVE). No sysctl does that in its place:
net.ipv4.tcp_keepalive_time only applies to sockets that have it on.

**How kaprobe knows.** It read SO_KEEPALIVE from the socket. Without that right it concludes the same from the kernel's list, where a
socket with keepalive has a running timer. A heartbeat of the application would do the same job: kaprobe cannot see one. Without a
middlebox this is a warning.

**What to do.** Switch keepalive on in the program, with the lines shown. \`kaprobe rescue\` does it now, in the running process.

**Sources.** socket(7), SO_KEEPALIVE. tcp(7). RFC 9293, section 3.8.4 (off by default). Linux net/ipv4/inet_diag.c.`,
  judge: (facts) => {
    const { liveSockets, strictest } = facts;
    const missing = liveSockets.filter(
      ({ risk, keepalive }) =>
        (risk === 'unprotected' || risk === 'stuck') && keepalive.source !== 'unmeasured' && !keepalive.enabled,
    );
    if (missing.length === 0) return [];
    const consequence = 'when they idle no probe ever goes out, and a dead peer is not noticed while nothing is sent';
    return [
      {
        severity: strictest === null ? 'warning' : 'error',
        message: `${connections(missing)} without TCP keepalive: ${consequence}${strictest === null ? '' : `; ${forgets(strictest)}`}`,
        evidence: {
          ...evidenceOf(missing),
          ...(strictest === null
            ? {}
            : { middlebox: labelOf(strictest), middleboxIdleTimeoutMs: strictest.idleTimeoutMs }),
        },
        remedy: rescueLines(missing, facts),
      },
    ];
  },
};
