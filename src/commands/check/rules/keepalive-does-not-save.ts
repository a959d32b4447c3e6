import { formatDuration } from '../../../base/units.ts';
import { armOf } from '../../../connections/survival.ts';
import { remedyLines } from '../../../keepalive/remedy.ts';
import type { Rule } from '../../../report/finding.ts';
import type { CheckFacts } from '../facts.ts';

export const rule: Rule<CheckFacts> = {
  id: 'keepalive-does-not-save',
  title: 'Measured: the path ended the connection in spite of its keepalive',
  explain: `**What it means.** With these settings keepalive does not protect a connection on this path. Production connections die in the same way.

**Why it happens.** The first probe was not due within the test, or came after the box had forgotten. Or the box does not count segments
without payload. In the last case no keepalive helps.

**How kaprobe knows.** It left a connection with these settings idle for the time given to \`--survive\`, and probed it at the end. It was
dead, while a new connection to the same address worked. Two boxes on the path look like the stricter of them.

**What to do.** Set the faster values and test again with them. If that connection dies too, send an application heartbeat.

**Sources.** tcp(7). RFC 9293, section 3.8.4. \`kaprobe measure\` finds the timeout, and whether keepalive refreshes it.`,
  rank: 1,
  judge: (facts) => {
    const { survival, settings } = facts;
    const keepalive = armOf(survival, 'keepalive');
    if (survival?.cause !== 'middlebox' || keepalive === null || keepalive.outcome === 'alive' || settings === null)
      return [];
    const { idleMs } = settings.keepalive;
    const sentNone = idleMs >= survival.askedForMs;
    return [
      {
        severity: 'error',
        message: sentNone
          ? `keepalive at ${formatDuration(idleMs)} does not save this connection: its first probe was not due within the ${formatDuration(survival.askedForMs)}`
          : `keepalive at ${formatDuration(idleMs)} does not save this connection: the path forgets it sooner, or does not count segments without payload`,
        evidence: {
          outcome: keepalive.outcome,
          keepaliveIdleMs: idleMs,
          askedForMs: survival.askedForMs,
          error: keepalive.error,
        },
        remedy: facts.recommended === null ? ['# send an application heartbeat'] : remedyLines(settings.basis, facts),
      },
    ];
  },
};
