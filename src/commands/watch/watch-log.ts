/** The record of a watch: counts, the last events, and what it costs. Hands everything on as it comes. */
import type { CommandContext } from '../room.ts';
import type { EventDraft, Tracked, WatchedConnections } from './decide-events.ts';
import {
  WATCH_EVENTS,
  type WatchData,
  type WatchEvent,
  type WatchEventKind,
  type WatchedConnection,
} from './report.ts';
import type { OwnSource } from './watch-own.ts';
import type { WatchSource } from './watch-source.ts';

/** Lost by chance alone, at 1 % loss each way, three in a row are 8 times in a million; at 20 %, 5 times in a hundred. */
export const UNANSWERED_UNTIL_STALLED = 3;

/** What is kept for the report at the end, however long the watch lasts. */
const MOST_EVENTS = 200;
const MOST_TROUBLED = 100;
/** More rows than any screen has. */
const MOST_ROWS = 200;

/** A record that is being kept. */
export interface WatchLog {
  counts: Record<WatchEventKind, number>;
  elapsedMs(): number;
  /** Looks once, tells what happened, and returns what it cost in milliseconds of one core. */
  step(): Promise<number>;
  data(endedBy: WatchData['endedBy']): WatchData;
}

/** Begins to record what `source` and `watched` show. `emit` gets each event, `show` how things are after each look. */
export function openLog(
  {
    mode,
    subject,
    forMs,
    until,
    quietMs,
  }: Pick<WatchData, 'mode' | 'subject' | 'forMs' | 'until'> & { quietMs: number },
  source: WatchSource | OwnSource,
  watched: WatchedConnections,
  { emit, show }: CommandContext,
): WatchLog {
  const startedAtMs = performance.now();
  const startedAt = Date.now();
  const elapsedMs = (): number => performance.now() - startedAtMs;
  // Every kind has its count, also where it is none.
  const counts = Object.fromEntries(WATCH_EVENTS.map((kind) => [kind, 0])) as Record<WatchEventKind, number>;
  const first: WatchEvent[] = [];
  const events: WatchEvent[] = [];
  let told = 0;
  let samples = 0;
  let seen = 0;
  let peak = 0;
  let cpuMs = 0;
  let lastLookMs = 0;

  const tell = ({ event, id, connection, evidence }: EventDraft, atMs: number): void => {
    const whole: WatchEvent = {
      event,
      at: new Date(startedAt + atMs).toISOString(),
      atMs: Math.round(atMs),
      connection,
      owner: id === null ? null : source.ownerOf(id),
      evidence,
    };
    if (counts[event] === 0) first.push(whole);
    counts[event] += 1;
    if (event === 'established') seen += 1;
    if (event === 'found') seen += Number(evidence['connections'] ?? 0);
    told += 1;
    events.push(whole);
    if (events.length > MOST_EVENTS) events.shift();
    emit?.(whole);
  };

  return {
    counts,
    elapsedMs,
    step: async () => {
      const before = process.cpuUsage();
      const atMs = elapsedMs();
      const drafts = await source.step(watched, atMs);
      for (const each of drafts) tell(each, elapsedMs());
      peak = Math.max(peak, watched.count);
      samples += 1;
      lastLookMs = atMs;
      if (show !== undefined) show({ atMs: Math.round(elapsedMs()), subject, ...view(watched, source) });
      const { user, system } = process.cpuUsage(before);
      const costMs = (user + system) / 1000;
      // The first look loads code and connects.
      if (samples > 1) cpuMs += costMs;
      return costMs;
    },
    data: (endedBy) => ({
      mode,
      source: source.source,
      subject,
      keepalive: 'keepalive' in source ? source.keepalive() : null,
      forMs,
      until,
      watchedMs: Math.round(elapsedMs()),
      endedBy,
      samples,
      sampleEveryMs: samples < 2 ? null : Math.round(lastLookMs / (samples - 1)),
      cpuShare: samples < 2 ? null : Math.round((cpuMs / elapsedMs()) * 10_000) / 10_000,
      listings: source.listings(),
      thresholds: { quietMs, unansweredUntilStalled: UNANSWERED_UNTIL_STALLED },
      counts,
      seen,
      peak,
      open: watched.count,
      first,
      events,
      earlierEvents: told - events.length,
      troubled: troubledOf(watched, source).slice(0, MOST_TROUBLED),
    }),
  };
}

const isTroubled = ({ condition }: Tracked): boolean => condition === 'stalled' || condition === 'unanswered';

function troubledOf(watched: WatchedConnections, source: WatchSource): WatchedConnection[] {
  const all = [...watched.current()].filter(isTroubled);
  const stalledFirst = [...all.filter(isStalled), ...all.filter((each) => !isStalled(each))];
  return stalledFirst.map((each) => describe(each, source));
}

const isStalled = ({ condition }: Tracked): boolean => condition === 'stalled';

/** The rows for a screen: those in trouble, then the others in the order in which they came. */
function view(watched: WatchedConnections, source: WatchSource) {
  const troubled = troubledOf(watched, source);
  const rows = troubled.slice(0, MOST_ROWS);
  for (const each of watched.current()) {
    if (rows.length >= MOST_ROWS) break;
    if (!isTroubled(each)) rows.push(describe(each, source));
  }
  return { connections: watched.count, troubled: troubled.length, rows };
}

function describe({ look, condition, quietForMs }: Tracked, source: WatchSource): WatchedConnection {
  return {
    local: look.local,
    remote: look.remote,
    owner: source.ownerOf(look.id),
    state: look.state,
    condition,
    quietForMs,
    lastAcknowledgedMs: look.lastAckReceivedMs,
    unansweredProbes: look.unansweredProbes,
    probeLimit: look.probeLimit,
    retransmits: look.retransmits,
  };
}
