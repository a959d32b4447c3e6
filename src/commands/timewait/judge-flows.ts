import { type Finding, judge } from '../../report/finding.ts';
import type { TimeWaitData } from './report.ts';
import { rules } from './rules/registry.generated.ts';

/** Judges the table of TIME_WAIT, and each flow that is listed. */
export function judgeFlows({
  table,
  flows,
  thresholds,
  settings: { twReuse },
}: Pick<TimeWaitData, 'table' | 'flows' | 'thresholds' | 'settings'>): Finding[] {
  // Where both ends are on this host each has a flow; the one with more in TIME_WAIT is listed first.
  const seen = new Set<string>();
  return [
    ...judge(rules, 'TIME_WAIT', { table, flow: null }),
    ...flows.flatMap((flow) => {
      const { client, service } = flow;
      const ends = `${client} to ${service}`;
      const isOtherEnd = seen.has(ends);
      seen.add(ends);
      return judge(rules, ends, { table: null, flow: { ...flow, thresholds, twReuse, isOtherEnd } });
    }),
  ];
}
