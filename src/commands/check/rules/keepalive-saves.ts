import { formatDuration } from '../../../base/units.ts';
import { armOf } from '../../../connections/survival.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
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
        message: `keepalive at ${formatDuration(idleMs)} saves this connection: it lives after ${formatDuration(survival.idleMs)}, the silent one does not`,
        evidence: {
          keepaliveIdleMs: idleMs,
          waitedMs: survival.idleMs,
          silent: silent.outcome,
          keepalive: keepalive.outcome,
        },
        remedy: [],
      },
    ];
  },
};
