/** How often to look at something without taking more than a share of one core for it. */

/** What looking may cost in the long run. */
const SHARE = 0.015;
/** More often than this is of no use: what is shorter than that is not an idle connection. */
const SHORTEST_WAIT_MS = 10;
/** The weight of the latest look: one that was dear is made up for in the next ten or so, not at once by a long pause. */
const WEIGHT = 0.1;

/** What a look costs in time of the processor, on average over the latest ones. */
export interface Pace {
  averageMs: number;
}

/** As if looks had cost nothing yet: the first ones, when most connections are made, are close together. */
export const STARTING_PACE: Pace = { averageMs: 0 };

/** How long to wait after a look that took `spentMs` of the processor's time, so that all of them together take no more than 1.5 % of a core. */
export function nextLook({ averageMs }: Pace, spentMs: number): { pace: Pace; waitMs: number } {
  const pace = { averageMs: averageMs + WEIGHT * (spentMs - averageMs) };
  return { pace, waitMs: Math.max(SHORTEST_WAIT_MS, pace.averageMs / SHARE) };
}
