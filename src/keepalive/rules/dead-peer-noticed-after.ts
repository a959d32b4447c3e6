import { formatDuration, plural } from '../../base/units.ts';
import type { Rule } from '../../report/finding.ts';
import type { KeepaliveFacts } from '../facts.ts';
import { deadAfterMs } from '../keepalive.ts';

export const rule: Rule<KeepaliveFacts> = {
  id: 'dead-peer-noticed-after',
  title: 'How long a dead peer goes unnoticed on an idle connection',
  explain: `**What it means.** If the peer dies without a word, an idle connection looks healthy for this long. Until then a read waits.

**Why it happens.** A host that loses power sends no FIN and no RST. Only an unanswered probe shows it. The kernel waits for
TCP_KEEPIDLE, then sends TCP_KEEPCNT probes, TCP_KEEPINTVL apart. Linux starts with 2 h, 75 s and 9, which makes 2 h 11 m 15 s.

**How kaprobe knows.** It computes idle time + interval × count from the settings. With TCP_USER_TIMEOUT the count is ignored: the end
comes at the first probe time at or after that timeout. Kernel timers may fire up to an eighth late. While sent data is unacknowledged
no keepalive probe goes out. Retransmission then decides, see \`kaprobe simulate\`.

**What to do.** Nothing, if your program can wait that long. Otherwise lower the three values on the socket, or set a read timeout.

**Sources.** tcp(7). RFC 9293, section 3.8.4. Linux net/ipv4/tcp_timer.c (tcp_keepalive_timer).`,
  rank: 2,
  judge: ({ settings }) => {
    if (settings === null || !settings.keepalive.enabled) return [];
    const { keepalive } = settings;
    const { idleMs, intervalMs, count, userTimeoutMs } = keepalive;
    const after = deadAfterMs(keepalive);
    const how =
      userTimeoutMs === 0
        ? `${formatDuration(idleMs)} of silence, then ${plural(count, 'unanswered probe')}, one every ${formatDuration(intervalMs)}`
        : `the first probe time at or after the user timeout of ${formatDuration(userTimeoutMs)}`;
    return [
      {
        severity: 'info',
        message: `a dead peer is noticed after ${formatDuration(after)}: ${how}`,
        evidence: { deadAfterMs: after, idleMs, intervalMs, count, ...(userTimeoutMs === 0 ? {} : { userTimeoutMs }) },
        remedy: [],
      },
    ];
  },
};
