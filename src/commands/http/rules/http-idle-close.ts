import { formatDuration } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { HttpFacts } from '../facts.ts';
import { senderLines } from '../http-limits.ts';

export const rule: Rule<HttpFacts> = {
  id: 'http-idle-close',
  title: 'How long the server keeps an idle connection',
  explain: `**What it means.** This is a measurement, not a fault. The server ends a connection that has no request for this long.
Every client and proxy that keeps connections to it has to give them up sooner.

**Why it happens.** Every server limits the idle time of a connection, since each one costs memory or a worker.
Node.js waits 5 s, gunicorn 2 s, nginx 75 s, unless told otherwise. A load balancer in front has a limit of its own.

**How kaprobe knows.** It left connections idle after one response each and timed the FIN or RST from the last byte of the response.
It shows the first and the last of them. The far end may be a proxy: then the time is the proxy's, not the application's.

**What to do.** Set the idle limit of each client pool and each proxy at least 1 s below the shortest time.
If the server resets (RST) instead of closing, data on the way is lost: prefer a server setting that closes.

**Sources.** RFC 9112, section 9.5 (failures and timeouts) and 9.6 (closing). The documentation of each server for its setting.`,
  rank: 4,
  judge: ({ idleClose, idleSamples, hint }) => {
    if (idleClose === null) return [];
    const { lowerMs, upperMs, outcome } = idleClose;
    if (lowerMs === null || (outcome !== 'closed' && outcome !== 'reset')) return [];
    return [
      {
        severity: 'info',
        message:
          outcome === 'closed'
            ? `the server closes (FIN) connections that idle for ${formatDuration(lowerMs)}`
            : `the server resets (RST) connections that idle for ${formatDuration(lowerMs)}: whatever is under way then is lost`,
        evidence: {
          firstEndedAfterMs: lowerMs,
          lastEndedAfterMs: upperMs,
          outcome,
          connections: idleSamples.length,
          ...(hint === null || hint.timeoutMs === null ? {} : { hintMs: hint.timeoutMs }),
        },
        remedy: senderLines(lowerMs),
      },
    ];
  },
};
