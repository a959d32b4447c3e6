import type { MeasureData, MeasuredDirection } from './report.ts';

/** What the rules judge of connections on which one side spoke first. */
export type SideFacts = Pick<
  MeasuredDirection,
  'idleTimeout' | 'endedBy' | 'matches' | 'keepaliveRefreshes' | 'falseDeathProbability'
>;

/** What the rules of `measure` judge: the timeout of a path, and how to live with it. */
export interface MeasureFacts extends SideFacts, Pick<MeasureData, 'direction' | 'warmup'> {
  /** With both directions: the connections on which the far end spoke first. Otherwise null. */
  farEndFirst: SideFacts | null;
  /** Lines that set the recommended keepalive through the libraries that speak the target's protocol. */
  librarySwitches: readonly string[];
}
