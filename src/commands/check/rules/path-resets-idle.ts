import { formatDuration } from '../../../base/units.ts';
import { armOf } from '../../../connections/survival.ts';
import type { Rule } from '../../../report/finding.ts';
import type { CheckFacts } from '../facts.ts';
import { between, idleTimeoutBracket, linesForPath } from '../path-timeout.ts';

export const rule: Rule<CheckFacts> = {
  id: 'path-resets-idle',
  title:
    'Measured: a connection left in silence is reset, while keepalive spares it or a new one to the same address works',
  explain: '',
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
