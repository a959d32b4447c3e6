import { formatDuration } from '../../../base/units.ts';
import { armOf } from '../../../connections/survival.ts';
import type { Rule } from '../../../report/finding.ts';
import type { CheckFacts } from '../facts.ts';
import { between, idleTimeoutBracket, linesForPath } from '../path-timeout.ts';

export const rule: Rule<CheckFacts> = {
  id: 'path-drops-idle',
  title: 'Measured: a connection left in silence stalls, while a new one to the same address works',
  explain: '',
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
