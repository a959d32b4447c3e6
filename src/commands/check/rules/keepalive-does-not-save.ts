import { formatDuration } from '../../../base/units.ts';
import { armOf } from '../../../connections/survival.ts';
import { remedyLines } from '../../../keepalive/remedy.ts';
import type { Rule } from '../../../report/finding.ts';
import type { CheckFacts } from '../facts.ts';

export const rule: Rule<CheckFacts> = {
  id: 'keepalive-does-not-save',
  title: 'Measured: the connection with the keepalive asked for was ended by the path just as the silent one',
  explain: '',
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
