import { formatDuration } from '../../units.ts';
import type { Rule } from '../facts.ts';
import { recommendKeepalive } from '../keepalive.ts';
import { setsockoptLines, sysctlLines } from '../remedy.ts';

/** Measured: the idle time from which the path ends connections, and what to set to live with it. */
export const pathIdleTimeout: Rule = ({ measured, librarySwitches }) => {
  if (measured === null || measured.endedBy !== 'path') return [];
  const { idleTimeout, keepaliveRefreshes, matches, falseDeathProbability } = measured;
  const { lowerMs, upperMs, outcome } = idleTimeout;
  if (lowerMs === null || upperMs === null) return [];
  const recommended = keepaliveRefreshes === false ? null : recommendKeepalive(lowerMs);
  const what = { stalled: 'drops what comes later in silence', reset: 'answers what comes later with a RST' };
  const then = outcome === 'stalled' || outcome === 'reset' ? what[outcome] : `ends them (${outcome})`;
  return [
    {
      severity: 'warning',
      message: `the path forgets connections that idle for more than ${formatDuration(lowerMs)}, at most ${formatDuration(upperMs)}, and ${then}`,
      evidence: {
        lowerMs,
        upperMs,
        outcome,
        keepaliveRefreshes,
        ...(matches.length === 0 ? {} : { candidates: matches.map(({ id }) => id) }),
        falseDeathProbability: falseDeathProbability === null ? null : falseDeathProbability.toExponential(1),
      },
      remedy:
        recommended === null
          ? [
              keepaliveRefreshes === false
                ? '# keepalive does not refresh this path; let the application send something:'
                : '# too short for keepalive, which counts whole seconds; let the application send something:',
              `# heartbeat every ${formatDuration(lowerMs / 3)}`,
            ]
          : [...setsockoptLines(recommended), ...librarySwitches, ...sysctlLines(recommended)],
    },
  ];
};
