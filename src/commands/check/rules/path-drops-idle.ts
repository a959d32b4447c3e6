import { formatDuration } from '../../../base/units.ts';
import { armOf } from '../../../connections/survival.ts';
import type { Rule } from '../../../report/finding.ts';
import type { CheckFacts } from '../facts.ts';
import { between, idleTimeoutBracket, linesForPath } from '../path-timeout.ts';

export const rule: Rule<CheckFacts> = {
  id: 'path-drops-idle',
  title: 'Measured: the path silently drops an idle connection',
  explain: `**What it means.** After this silence packets of the connection vanish. Neither end is told. A read waits indefinitely, a write for many
minutes.

**Why it happens.** A firewall, NAT or load balancer on the path forgets idle connections, and drops packets that it has no state for.

**How kaprobe knows.** It left a connection without keepalive idle for the time given to \`--survive\`. Its probes then drew no answer, or
an ICMP error, while a new connection to the same address worked. A peer that lost its network for a moment looks the same; the evidence
has the chance that packet loss did it. Where the keepalive connection lived, the timeout lies between its probe period and this
silence.

**What to do.** Set the recommended keepalive in the program, or for the host. \`kaprobe measure\` finds the exact timeout.

**Sources.** RFC 5382, section 5 (NAT timeouts). RFC 9293, section 3.8.4. \`kaprobe middleboxes\` lists usual timeouts.`,
  judge: (facts) => {
    const { survival, settings } = facts;
    const silent = armOf(survival, 'silent');
    if (survival?.cause !== 'middlebox' || silent === null || !['stalled', 'unreachable'].includes(silent.outcome))
      return [];
    const { heldMs, lostMs } = idleTimeoutBracket(survival, settings);
    return [
      {
        severity: 'error',
        message: `a connection idle for ${formatDuration(lostMs)} is dropped, while a new one to the same address works: something on the path forgets idle connections ${between(heldMs, lostMs)}`,
        evidence: {
          outcome: silent.outcome,
          idledForMs: silent.idledForMs,
          probeCount: silent.probeCount,
          freshConnect: survival.freshConnect,
          heldAfterMs: heldMs,
          lostAfterMs: lostMs,
          falseStallProbability: `${survival.falseStallProbability.toExponential(1)} at 20 % loss each way`,
        },
        remedy: linesForPath(facts),
      },
    ];
  },
};
