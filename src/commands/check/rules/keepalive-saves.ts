import { formatDuration } from '../../../base/units.ts';
import { armOf } from '../../../connections/survival.ts';
import type { Rule } from '../../../report/finding.ts';
import type { CheckFacts } from '../facts.ts';

export const rule: Rule<CheckFacts> = {
  id: 'keepalive-saves',
  title: 'Measured: keepalive keeps a connection that the path ends in silence',
  explain: `**What it means.** The path forgets idle connections, and these settings prevent it. You can use them as they are.

**Why it happens.** The probes restart the idle timer of the middlebox. To it they are packets like any other.

**How kaprobe knows.** It left two connections idle side by side for the time given to \`--survive\`. The one without keepalive was ended,
the one with it answered at the end. Both took the same address, but routers that share the load may have sent them different ways.

**What to do.** Set these values in your program, on the socket or through its library. \`kaprobe run\` shows whether it does.

**Sources.** tcp(7). RFC 9293, section 3.8.4.`,
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
