import { formatDuration } from '../../../base/units.ts';
import { armOf } from '../../../connections/survival.ts';
import type { Rule } from '../../../report/finding.ts';
import type { CheckFacts } from '../facts.ts';

export const rule: Rule<CheckFacts> = {
  id: 'keepalive-saves',
  title: 'Measured: the silent connection was ended by the path, the one with the keepalive asked for lives',
  explain: '',
  judge: ({ survival, settings }) => {
    const silent = armOf(survival, 'silent');
    const keepalive = armOf(survival, 'keepalive');
    if (
      survival?.cause !== 'middlebox' ||
      silent === null ||
      silent.outcome === 'alive' ||
      keepalive?.outcome !== 'alive' ||
      settings === null
    )
      return [];
    const { idleMs } = settings.keepalive;
    return [
      {
        severity: 'info',
        message: `keepalive at ${formatDuration(idleMs)} saves this connection: it lives after ${formatDuration(survival.askedForMs)}, the silent one does not`,
        evidence: {
          keepaliveIdleMs: idleMs,
          askedForMs: survival.askedForMs,
          silent: silent.outcome,
          keepalive: keepalive.outcome,
        },
        remedy: [],
      },
    ];
  },
};
