import { formatDuration } from '../../units.ts';
import type { Rule } from '../facts.ts';
import { armOf } from '../survival.ts';

/** Measured: the silent connection was ended by the path, the one with the keepalive asked for lives. */
export const keepaliveSaves: Rule = ({ survival, settings }) => {
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
};
