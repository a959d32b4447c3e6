import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { remedyLines } from '../remedy.ts';
import { forgets } from '../wording.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'keepalive-off',
  title: 'TCP keepalive is off: nothing refreshes the path, and a dead peer goes unnoticed',
  explain: `**What it means.** No probe ever goes out on this connection. When it idles, middleboxes on the path forget it. A peer that died is not
noticed while nothing is sent, and a read without a timeout waits indefinitely.

**Why it happens.** TCP keepalive is off unless a program asks for it. A sysctl cannot switch it on: net.ipv4.tcp_keepalive_time only
applies to sockets with SO_KEEPALIVE.

**How kaprobe knows.** It read SO_KEEPALIVE from the socket, or you asked for \`--no-keepalive\`. An application heartbeat would do the
same job, and is not visible in socket options. Without a middlebox that keepalive refreshes, this is only a warning.

**What to do.** Set SO_KEEPALIVE and the three timers on the socket. \`kaprobe rescue\` does so in a running process.

**Sources.** RFC 9293, section 3.8.4 (off by default). socket(7), SO_KEEPALIVE. tcp(7).`,
  judge: (facts) => {
    const { settings, strictest } = facts;
    if (settings === null || settings.keepalive.enabled) return [];
    const consequence = 'a connection that idles is never probed, so a dead peer is not noticed while nothing is sent';
    return [
      {
        severity: strictest === null ? 'warning' : 'error',
        message: `TCP keepalive is off: ${consequence}${strictest === null ? '' : `, and ${forgets(strictest)}`}`,
        evidence: {
          enabled: false,
          ...(strictest === null ? {} : { middleboxIdleTimeoutMs: strictest.idleTimeoutMs }),
        },
        remedy: remedyLines(settings.basis, facts),
      },
    ];
  },
};
