import type { ReuseThresholds, TimeWaitFlow, TimeWaitTable } from './report.ts';

/** One client address and one service, and what their connections are judged by. */
export interface JudgedFlow extends TimeWaitFlow {
  thresholds: ReuseThresholds;
  /** tcp_tw_reuse; null: cannot be read. */
  twReuse: number | null;
  /** Both ends are on this host, and the same connections are judged from the end with more of them in TIME_WAIT. */
  isOtherEnd: boolean;
}

/** What one subject is judged by: the kernel's table, or one flow. The other one is null. */
export interface TimeWaitFacts {
  table: TimeWaitTable | null;
  flow: JudgedFlow | null;
}
