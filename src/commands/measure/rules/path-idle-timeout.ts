import { formatDuration } from '../../../base/units.ts';
import { recommendKeepalive } from '../../../keepalive/keepalive.ts';
import { setsockoptLines, sysctlLines } from '../../../keepalive/remedy.ts';
import type { Facts, MeasuredSide } from '../../../policy/facts.ts';
import type { Judgement, Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'path-idle-timeout',
  title: 'Measured: the idle time from which the path ends connections, and what to set to live with it',
  explain: '',
  judge: ({ measured, librarySwitches }) => {
    if (measured === null) return [];
    const { direction, farEndFirst } = measured;
    if (direction === 'server') return judged(measured, THEN_LOST, librarySwitches);
    if (farEndFirst === null) return judged(measured, thenOf(measured), librarySwitches);
    const lower = [measured, farEndFirst].find(({ endedBy }) => endedBy === 'path');
    return agree(measured, farEndFirst)
      ? judged(measured, `${thenOf(measured)}, whichever side it comes from`, librarySwitches)
      : [
          ...judged(measured, `${thenOf(measured)}, when it comes from this side`, librarySwitches),
          // The lines to paste once.
          ...judged(farEndFirst, THEN_LOST, librarySwitches).map((judgement) =>
            lower === farEndFirst ? judgement : { ...judgement, remedy: [] },
          ),
        ];
  },
};

const THEN_LOST = 'what the far end says first then does not arrive';

function thenOf({ idleTimeout: { outcome } }: MeasuredSide): string {
  const what = { stalled: 'drops what comes later in silence', reset: 'answers what comes later with a RST' };
  return outcome === 'stalled' || outcome === 'reset' ? what[outcome] : `ends them (${outcome})`;
}

/** Whether both sides were forgotten within brackets that meet. */
function agree(one: MeasuredSide, other: MeasuredSide): boolean {
  if (one.endedBy !== 'path' || other.endedBy !== 'path') return false;
  const [a, b] = [one.idleTimeout, other.idleTimeout];
  if (a.lowerMs === null || b.lowerMs === null || a.upperMs === null || b.upperMs === null) return false;
  return a.lowerMs <= b.upperMs && b.lowerMs <= a.upperMs;
}

function judged(side: MeasuredSide, then: string, librarySwitches: readonly string[]): Judgement[] {
  const { idleTimeout, endedBy, keepaliveRefreshes, matches, falseDeathProbability } = side;
  const { lowerMs, upperMs, outcome } = idleTimeout;
  if (endedBy !== 'path' || lowerMs === null || upperMs === null) return [];
  const recommended = keepaliveRefreshes === false ? null : recommendKeepalive(lowerMs);
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
                : '# keepalive this tight would give up healthy connections within 10 s of',
              ...(keepaliveRefreshes === false ? [] : ['# trouble; let the application send something:']),
              `# heartbeat every ${formatDuration(lowerMs / 3)}`,
            ]
          : [
              ...(then === THEN_LOST ? ["# at this end, whose probes were tried; the far end's were not:"] : []),
              ...setsockoptLines(recommended),
              ...librarySwitches,
              ...sysctlLines(recommended),
            ],
    },
  ];
}
