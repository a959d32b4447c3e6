import { formatDuration } from '../../../base/units.ts';
import { armOf, idleEvidenceOf } from '../../../connections/survival.ts';
import { proposeKeepalive } from '../../../keepalive/recommended-settings.ts';
import { setsockoptLines } from '../../../keepalive/remedy.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'keepalive-does-not-save',
  title: 'Measured: the connection with the keepalive asked for was ended by the path just as the silent one',
  explain: '',
  judge: (facts) => {
    const { survival, settings, librarySwitches } = facts;
    const keepalive = armOf(survival, 'keepalive');
    if (survival?.cause !== 'middlebox' || keepalive === null || keepalive.outcome === 'alive' || settings === null)
      return [];
    const { idleMs } = settings.keepalive;
    const sentNone = idleMs >= survival.idleMs;
    const recommended = proposeKeepalive({ ...facts, idleEvidence: idleEvidenceOf(survival) });
    return [
      {
        severity: 'error',
        message: sentNone
          ? `keepalive at ${formatDuration(idleMs)} does not save this connection: its first probe was not due within the ${formatDuration(survival.idleMs)}`
          : `keepalive at ${formatDuration(idleMs)} does not save this connection: the path forgets it sooner, or does not count segments without payload`,
        evidence: {
          outcome: keepalive.outcome,
          keepaliveIdleMs: idleMs,
          waitedMs: survival.idleMs,
          error: keepalive.error,
        },
        remedy:
          recommended === null
            ? ['# send an application heartbeat']
            : [...setsockoptLines(recommended), ...librarySwitches],
      },
    ];
  },
};
