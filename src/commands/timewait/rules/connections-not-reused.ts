import { formatDuration, plural } from '../../../base/units.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Rule } from '../../../report/finding.ts';
import type { FlowWatch } from '../report.ts';
import { notToSet, reuseLines } from '../reuse-remedy.ts';

export const rule: Rule<Facts> = {
  id: 'connections-not-reused',
  title:
    'Connection after connection between the same two, each on a new port and soon in TIME_WAIT, few established: nobody keeps them for the next request',
  explain: '',
  judge: ({ timeWaitFlow: flow }) => {
    if (flow === null || flow.isOtherEnd) return [];
    const { closes, established, timeWait, meanLifeAtMostMs, watch, thresholds, side } = flow;
    const { minConnections, minPerSecond, maxMeanLifeMs } = thresholds;
    const isBusy = closes.closed >= minConnections && closes.perSecond >= minPerSecond;
    const isShort = meanLifeAtMostMs !== null && meanLifeAtMostMs <= maxMeanLifeMs;
    const isOver = watch !== null && watch.opened === 0;
    if (!isBusy || !isShort || isOver) return [];
    return [
      {
        severity: 'warning',
        message:
          `each request seems to get a connection of its own: ${closes.isLowerBound ? 'at least ' : ''}${plural(closes.closed, 'connection')} ` +
          `${closes.closed === 1 ? 'was' : 'were'} closed by this side, the ${side}, within ${formatDuration(closes.windowMs)}, each on another port, and ${established} ` +
          `${established === 1 ? 'is' : 'are'} established: on average one lives ${formatDuration(meanLifeAtMostMs)} at most${described(watch)}`,
        evidence: {
          timeWait,
          established,
          closedPerSecond: closes.perSecond,
          meanLifeAtMostMs,
          ...(watch === null ? {} : { openedWhileWatched: watch.opened, keptAndUsed: watch.keptUsed }),
          from: `${minConnections} closed and a mean life of ${formatDuration(maxMeanLifeMs)} at most`,
        },
        remedy: [...reuseLines(flow), ...notToSet],
      },
    ];
  },
};

function described(watch: FlowWatch | null): string {
  if (watch === null) return '';
  return `; while watched, ${watch.opened} were opened, and ${watch.keptUsed ?? 'an unknown number'} of the ${watch.kept} that stayed were used`;
}
