/** What repeated looks at connections add up to. */
import type { RunConnection } from './report.ts';

/** A connection as far as it was seen, before it is judged. */
export type SeenConnection = Omit<RunConnection, 'risk'>;

/** A connection as one look found it. */
export type Sighting = Pick<
  RunConnection,
  'direction' | 'local' | 'remote' | 'pid' | 'command' | 'state' | 'keepalive'
>;

/** When a look was, and when the one before; times from the start of the command. */
export interface Look {
  atMs: number;
  previousMs: number;
}

/**
 * What is known of a connection after one more look; `before` is null at the first. That keepalive was switched on is placed between the last
 * look that found it off and the first that found it on.
 */
export function afterLook(
  before: SeenConnection | null,
  sighting: Sighting,
  { atMs, previousMs }: Look,
): SeenConnection {
  const { state, keepalive } = sighting;
  if (before === null) {
    return {
      ...sighting,
      openedAfterMs: previousMs,
      firstSeenMs: atMs,
      lastSeenMs: atMs,
      timesSeen: 1,
      keepaliveOnAfter: keepalive.enabled ? { lowerMs: 0, upperMs: atMs - previousMs } : null,
    };
  }
  const { openedAfterMs, firstSeenMs, lastSeenMs, keepaliveOnAfter } = before;
  const switchedOn = { lowerMs: lastSeenMs - firstSeenMs, upperMs: atMs - openedAfterMs };
  return {
    ...before,
    lastSeenMs: atMs,
    timesSeen: before.timesSeen + 1,
    state,
    keepalive,
    keepaliveOnAfter: keepaliveOnAfter === null && keepalive.enabled ? switchedOn : keepaliveOnAfter,
  };
}
