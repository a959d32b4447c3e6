import type { WatchFacts } from '../../../src/commands/watch/facts.ts';
import { WATCH_EVENTS, type WatchEvent, type WatchEventKind } from '../../../src/commands/watch/report.ts';

/** One event, 12 s after the start. */
export function watchEvent(event: WatchEventKind, different: Partial<WatchEvent> = {}): WatchEvent {
  return {
    event,
    at: '2026-01-02T03:04:17.006Z',
    atMs: 12_000,
    connection: { local: '10.0.0.1:40000', remote: '10.0.0.2:5432' },
    owner: { pid: 4711, command: 'python3' },
    evidence: {},
    ...different,
  };
}

/** So many of each kind; none of the others. */
export function watchCounts(counts: Partial<Record<WatchEventKind, number>> = {}): WatchFacts['counts'] {
  const none = Object.fromEntries(WATCH_EVENTS.map((kind) => [kind, 0])) as WatchFacts['counts']; // all of its keys
  return { ...none, ...counts };
}

/** A watch of three connections of kaprobe's own, with these events. */
export function watched(
  counts: Partial<Record<WatchEventKind, number>>,
  first: WatchEvent[] = [],
  mode: WatchFacts['mode'] = 'own',
): WatchFacts {
  return { mode, seen: 3, counts: watchCounts(counts), first };
}
