import { formatDuration } from '../../../base/units.ts';
import { armOf, idleEvidenceOf } from '../../../connections/survival.ts';
import { probePeriodMs } from '../../../keepalive/keepalive.ts';
import { proposeKeepalive } from '../../../keepalive/recommended-settings.ts';
import { setsockoptLines, sysctlLines } from '../../../keepalive/remedy.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'path-drops-idle',
  title: 'Measured: a connection left in silence stalls, while a new one to the same address works',
  explain: '',
  judge: (facts) => {
    const { survival, librarySwitches } = facts;
    const silent = armOf(survival, 'silent');
    if (survival?.cause !== 'middlebox' || silent === null || !['stalled', 'unreachable'].includes(silent.outcome))
      return [];
    const { heldMs, lostMs } = idleTimeoutBracket(facts);
    const recommended = proposeKeepalive({ ...facts, idleEvidence: idleEvidenceOf(survival) });
    return [
      {
        severity: 'error',
        message: `a connection idle for ${formatDuration(lostMs)} is dropped, while a new one to the same address works: something on the path forgets idle connections ${between(heldMs, lostMs)}`,
        evidence: {
          outcome: silent.outcome,
          idleMs: silent.idleMs,
          probeCount: silent.probeCount,
          freshConnect: survival.freshConnect,
          heldAfterMs: heldMs,
          lostAfterMs: lostMs,
          falseStallProbability: `${survival.falseStallProbability.toExponential(1)} at 20 % loss each way`,
        },
        remedy:
          recommended === null
            ? []
            : [...setsockoptLines(recommended), ...librarySwitches, ...sysctlLines(recommended)],
      },
    ];
  },
};

/**
 * Between which two silences the path forgets: `heldMs` is what the keepalive arm left between its probes and lived, null when that
 * says nothing; `lostMs` is what the silent arm did not survive.
 */
export function idleTimeoutBracket({ survival, settings }: Facts): { heldMs: number | null; lostMs: number } {
  const lostMs = armOf(survival, 'silent')?.idleMs ?? survival?.idleMs ?? 0;
  const kept =
    armOf(survival, 'keepalive')?.outcome === 'alive' &&
    settings !== null &&
    probePeriodMs(settings.keepalive) < lostMs;
  return { heldMs: kept ? probePeriodMs(settings.keepalive) : null, lostMs };
}

/** That bracket in words. */
export function between(heldMs: number | null, lostMs: number): string {
  return heldMs === null
    ? `within ${formatDuration(lostMs)}`
    : `after more than ${formatDuration(heldMs)} and at most ${formatDuration(lostMs)}`;
}
