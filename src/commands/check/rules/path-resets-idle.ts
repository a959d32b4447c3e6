import { formatDuration } from '../../../base/units.ts';
import { armOf } from '../../../connections/survival.ts';
import type { Rule } from '../../../report/finding.ts';
import type { CheckFacts } from '../facts.ts';
import { between, idleTimeoutBracket, linesForPath } from '../path-timeout.ts';

export const rule: Rule<CheckFacts> = {
  id: 'path-resets-idle',
  title: 'Measured: the path resets or closes an idle connection',
  explain: `**What it means.** After this silence the connection is over. A program learns of it, but a request that was under way is lost.

**Why it happens.** A middlebox forgets idle connections and answers later packets with a RST, or sends a RST or FIN when its timer
ends. Behind a NAT that gives the old connection a new port, the peer itself sends the RST, because it does not know that port.

**How kaprobe knows.** The connection without keepalive was ended, while one kept busy lived or a new one worked. A server cannot see
keepalive probes, so an end that spares only them is the path's. A server that restarts during the test could be taken for a middlebox.

**What to do.** Set the recommended keepalive in the program, or for the host. Let clients retry idempotent requests.

**Sources.** RFC 9293, section 3.5.2 (RST). RFC 5382, section 5. \`kaprobe middleboxes\` shows what each box does at expiry.`,
  judge: (facts) => {
    const { survival, settings } = facts;
    const silent = armOf(survival, 'silent');
    if (survival?.cause !== 'middlebox' || silent === null || !['reset', 'closed'].includes(silent.outcome)) return [];
    const { heldMs, lostMs } = idleTimeoutBracket(survival, settings);
    const how =
      silent.outcome === 'closed'
        ? 'is closed (FIN)'
        : silent.unprovoked
          ? 'is reset (RST) by itself'
          : 'is reset (RST) at the first packet after that';
    return [
      {
        severity: 'error',
        message:
          `a connection idle for ${formatDuration(lostMs)} ${how}: something on the path forgets idle connections ${between(heldMs, lostMs)}` +
          (silent.outcome === 'reset'
            ? '. The RST may come from the box itself, or from the peer if a NAT has given the connection another port'
            : ''),
        evidence: {
          outcome: silent.outcome,
          idledForMs: silent.idledForMs,
          freshConnect: survival.freshConnect,
          heldAfterMs: heldMs,
          lostAfterMs: lostMs,
        },
        remedy: linesForPath(facts),
      },
    ];
  },
};
