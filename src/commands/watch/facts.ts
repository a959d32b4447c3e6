import type { WatchData } from './report.ts';

/** What was watched, and what happened. */
export type WatchFacts = Pick<WatchData, 'mode' | 'counts' | 'first' | 'seen'>;
