import { formatDuration } from '../../../base/units.ts';
import { armOf, idleEvidenceOf } from '../../../connections/survival.ts';
import { proposeKeepalive } from '../../../keepalive/recommended-settings.ts';
import { setsockoptLines, sysctlLines } from '../../../keepalive/remedy.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';
import { between, idleTimeoutBracket } from './path-drops-idle.ts';

export const rule: Rule<Facts> = {
  id: 'path-resets-idle',
  title:
    'Measured: a connection left in silence is reset, while keepalive spares it or a new one to the same address works',
  explain: '',
  judge: (facts) => {
    const { survival, librarySwitches } = facts;
    const silent = armOf(survival, 'silent');
    if (survival?.cause !== 'middlebox' || silent === null || !['reset', 'closed'].includes(silent.outcome)) return [];
    const { heldMs, lostMs } = idleTimeoutBracket(facts);
    const recommended = proposeKeepalive({ ...facts, idleEvidence: idleEvidenceOf(survival) });
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
          idleMs: silent.idleMs,
          freshConnect: survival.freshConnect,
          heldAfterMs: heldMs,
          lostAfterMs: lostMs,
        },
        remedy:
          recommended === null
            ? []
            : [...setsockoptLines(recommended), ...librarySwitches, ...sysctlLines(recommended)],
      },
    ];
  },
};
