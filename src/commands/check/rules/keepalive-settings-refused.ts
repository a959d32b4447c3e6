import type { Rule } from '../../../report/finding.ts';
import type { CheckFacts } from '../facts.ts';

export const rule: Rule<CheckFacts> = {
  id: 'keepalive-settings-refused',
  title: 'The kernel refused a keepalive setting',
  explain: `**What it means.** The socket keeps the value that it had. A program that does not check setsockopt() believes otherwise.

**Why it happens.** Linux takes 1 to 32767 s for TCP_KEEPIDLE and TCP_KEEPINTVL, and 1 to 127 for TCP_KEEPCNT. Programs that confuse
seconds with milliseconds exceed that.

**How kaprobe knows.** setsockopt() failed on a real socket with the errno shown. The evidence has what getsockopt() then returned.
Sandboxes and other kernels may have other limits.

**What to do.** Give the option a value in seconds and within its bounds.

**Sources.** tcp(7). Linux include/net/tcp.h (MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT).`,
  rank: 1,
  judge: ({ refused, settings }) =>
    refused.map(({ option, requested, unit, errno }) => ({
      severity: 'error',
      message: `the kernel refused ${option} = ${requested} ${unit} (${errno}); the socket keeps the value that it had`,
      evidence: {
        option,
        requested,
        unit,
        errno,
        ...(settings === null
          ? {}
          : {
              effectiveIdleMs: settings.keepalive.idleMs,
              effectiveIntervalMs: settings.keepalive.intervalMs,
              effectiveCount: settings.keepalive.count,
            }),
      },
      remedy: [
        '# the kernel takes TCP_KEEPIDLE and TCP_KEEPINTVL from 1 to 32767 seconds and TCP_KEEPCNT from 1 to 127',
      ],
    })),
};
