import { formatDuration } from '../../../base/units.ts';
import { remedyLines } from '../../../keepalive/remedy.ts';
import type { Rule } from '../../../report/finding.ts';
import type { RunFacts } from '../facts.ts';

export const rule: Rule<RunFacts> = {
  id: 'keepalive-off-when-last-seen',
  title: 'SO_KEEPALIVE was off on a connection that was over soon',
  explain: `**What it means.** The program's connection had no TCP keepalive when kaprobe last saw it. It was seen for less than 100 ms, so this is
a doubt and not a proof.

**Why it happens.** Sockets start with SO_KEEPALIVE off. Most programs that want it set it when they connect. Some set it only after a
handshake or a login, and a short connection is over before that.

**How kaprobe knows.** It duplicates the descriptor of each socket of the program and reads SO_KEEPALIVE from it, every 10 ms or less
often. Time counts from the first look that found the connection to the last. What the program did after the last look is unknown. A
connection that is off for 100 ms or longer counts as settled, and \`keepalive-off\` judges it instead.

**What to do.** Let the program keep a connection open for longer under \`kaprobe run\`: then the answer is certain. If keepalive is meant to
be on, set it right after connect(), or with the switches of the library in the remedy.

**Sources.** socket(7) (SO_KEEPALIVE). tcp(7) (TCP_KEEPIDLE). RFC 9293, section 3.8.4. pidfd_getfd(2).`,
  judge: (facts) => {
    const { glimpsedForMs } = facts;
    if (glimpsedForMs === null) return [];
    return [
      {
        severity: 'warning',
        message: `TCP keepalive was off when the connection was last seen, ${formatDuration(glimpsedForMs)} after the first time: one that lives longer may get it later, or never`,
        evidence: { enabled: false, watchedMs: glimpsedForMs },
        remedy: remedyLines('measured', facts),
      },
    ];
  },
};
