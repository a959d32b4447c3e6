import { formatDuration } from '../../../base/units.ts';
import type { Facts, MeasuredSide } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';

export const rule: Rule<Facts> = {
  id: 'directions-differ',
  title: 'Measured: after some silence one side no longer gets through while the other one does',
  explain: '',
  judge: ({ measured }) => {
    if (measured === null || measured.farEndFirst === null) return [];
    const { farEndFirst } = measured;
    const farEndIsLost = outlives(measured, farEndFirst);
    if (!farEndIsLost && !outlives(farEndFirst, measured)) return [];
    const [lost, holds] = farEndIsLost ? [farEndFirst, measured] : [measured, farEndFirst];
    const afterMs = lost.idleTimeout.upperMs ?? 0;
    const [who, whom] = farEndIsLost ? ['the far end', 'this side'] : ['this side', 'the far end'];
    return [
      {
        severity: 'warning',
        message: `after ${formatDuration(afterMs)} of silence ${who} no longer reaches ${whom}, which still reaches it: something on the path learns forgotten connections again from one side only`,
        evidence: {
          lostFromMs: afterMs,
          otherSideAliveUpToMs: holds.idleTimeout.lowerMs,
          thisSideFirst: bracketOf(measured),
          farEndFirst: bracketOf(farEndFirst),
        },
        remedy: farEndIsLost
          ? [
              '# who waits for the far end to speak waits in vain: let this side send something before that,',
              '# keepalive where it refreshes the path, or a heartbeat',
            ]
          : ['# let the far end send something before that: keepalive where it refreshes the path, or a heartbeat'],
      },
    ];
  },
};

/** Whether connections on which the one side speaks first live at ages at which all others are dead. */
function outlives(one: MeasuredSide, other: MeasuredSide): boolean {
  const { upperMs } = other.idleTimeout;
  const { lowerMs } = one.idleTimeout;
  return (
    other.endedBy === 'path' && one.endedBy !== 'peer' && upperMs !== null && lowerMs !== null && lowerMs > upperMs
  );
}

function bracketOf({ idleTimeout: { lowerMs, upperMs } }: MeasuredSide): string {
  if (lowerMs === null) return 'not measured';
  return upperMs === null
    ? `none up to ${formatDuration(lowerMs)}`
    : `${formatDuration(lowerMs)} to ${formatDuration(upperMs)}`;
}
