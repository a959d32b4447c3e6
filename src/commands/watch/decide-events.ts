/** What happened to connections between one look at them and the next: a state machine for each, told the time. */
import type { TcpState } from '../../base/tcp-state.ts';
import type { EvidenceValue } from '../../report/finding.ts';
import type { WatchCondition, WatchEnds, WatchEventKind } from './report.ts';

/** From when on something is told. */
export interface WatchLimits {
  /** The first silence that is told; then each time that it has doubled. */
  quietMs: number;
  /** Probes or retransmissions without an answer that make a stall; fewer where the connection's own keepalive allows fewer. */
  unansweredUntilStalled: number;
  /** What the first look shows was there before: it is told as one event. Else each connection is told. */
  wereThere: boolean;
}

/** A probe that has just left has had no time to be answered: as long as this it is not said to be unanswered. */
const ANSWER_GRACE_MS = 400;
/** And no shorter than so many round trips. */
const ANSWER_GRACE_ROUND_TRIPS = 4;
/** A socket may be missing from one listing, when the kernel's tables change while they are read. */
const MISSING_UNTIL_GONE = 2;

/** One connection as one look shows it. Times are milliseconds; null: not known. */
export interface ConnectionLook extends WatchEnds {
  /** The same for as long as the connection lives. */
  id: string;
  state: TcpState;
  unansweredProbes: number | null;
  /** What the probes are: of keepalive, or of a closed window. */
  probeKind: 'keepalive' | 'window' | null;
  probeLimit: number | null;
  retransmits: number | null;
  unackedSegments: number | null;
  rttMs: number | null;
  lastAckReceivedMs: number | null;
  lastDataSentMs: number | null;
  lastDataReceivedMs: number | null;
}

/** An event without the clock and without the owner. */
export interface EventDraft {
  event: WatchEventKind;
  id: string | null;
  connection: WatchEnds | null;
  evidence: Record<string, EvidenceValue>;
}

/** How a connection of kaprobe's own ended, which it knows from its socket. */
type KnownEnding = 'reset' | 'closed-by-peer' | 'timed-out' | 'failed';

/** One connection as the watch has it. */
export interface Tracked {
  look: ConnectionLook;
  condition: WatchCondition;
  quietForMs: number | null;
}

export interface WatchedConnections {
  /** All connections that there are now. What is no longer among them is gone, unless `ended` said how. */
  observe(looks: readonly ConnectionLook[], atMs: number): EventDraft[];
  /** A connection is over, and how is known; null: it was not being watched. */
  ended(id: string, how: KnownEnding, evidence: Record<string, EvidenceValue>, atMs: number): EventDraft | null;
  /** All, those that are ending included. */
  current(): IterableIterator<Tracked>;
  /** How many are not ending. */
  readonly count: number;
  /** Whether one has a probe under way that may only be waiting for its answer: the next look will tell. */
  readonly isUnsure: boolean;
}

interface Entry extends Tracked {
  /** When the first of what is unanswered now was seen; null: everything is answered. */
  unansweredSinceMs: number | null;
  toldProbes: number;
  toldRetransmits: number;
  stalled: boolean;
  nextQuietMs: number;
  missing: number;
  established: boolean;
  /** The end was told: nothing more is. */
  over: boolean;
}

/** Begins to watch. */
export function watchConnections(limits: WatchLimits): WatchedConnections {
  const entries = new Map<string, Entry>();
  let isFirst = limits.wereThere;

  const enter = (look: ConnectionLook): EventDraft[] => {
    const entry = newEntry(look, limits, isFirst);
    entries.set(look.id, entry);
    if (isFirst) return [];
    return look.state === 'established' ? arrive(entry) : endingOf(entry);
  };
  const arrive = (entry: Entry): EventDraft[] => {
    entry.established = true;
    return [draft('established', entry.look, {})];
  };

  return {
    observe: (looks, atMs) => {
      const events: EventDraft[] = [];
      const present = new Set<string>();
      for (const look of looks) {
        present.add(look.id);
        const entry = entries.get(look.id);
        if (entry === undefined) {
          events.push(...enter(look));
          const entered = entries.get(look.id);
          if (entered !== undefined) events.push(...judge(entered, limits, atMs));
          continue;
        }
        entry.look = look;
        entry.missing = 0;
        if (entry.over) continue;
        if (!entry.established && look.state === 'established') events.push(...arrive(entry));
        events.push(...endingOf(entry), ...judge(entry, limits, atMs));
      }
      for (const [id, entry] of entries) {
        if (present.has(id)) continue;
        entry.missing += 1;
        if (entry.missing < MISSING_UNTIL_GONE) continue;
        entries.delete(id);
        if (!entry.over) events.push(vanished(entry, atMs));
      }
      if (isFirst) {
        isFirst = false;
        events.unshift({ event: 'found', id: null, connection: null, evidence: { connections: looks.length } });
      }
      return events;
    },
    ended: (id, how, evidence, atMs) => {
      const entry = entries.get(id);
      if (entry === undefined) return null;
      entries.delete(id);
      return draft(how, entry.look, { ...unanswered(entry, atMs), ...evidence });
    },
    *current() {
      yield* entries.values();
    },
    get isUnsure() {
      for (const { unansweredSinceMs, condition } of entries.values())
        if (unansweredSinceMs !== null && condition === 'fine') return true;
      return false;
    },
    get count() {
      let count = 0;
      for (const { over } of entries.values()) count += over ? 0 : 1;
      return count;
    },
  };
}

function newEntry(look: ConnectionLook, { quietMs }: WatchLimits, wasThere: boolean): Entry {
  const silence = quietFor(look) ?? 0;
  let nextQuietMs = quietMs;
  // What was silent before the watch began is told when it has doubled.
  while (wasThere && nextQuietMs <= silence) nextQuietMs *= 2;
  return {
    look,
    condition: 'fine',
    quietForMs: quietFor(look),
    unansweredSinceMs: null,
    toldProbes: 0,
    toldRetransmits: 0,
    stalled: false,
    nextQuietMs,
    missing: 0,
    established: wasThere && look.state === 'established',
    over: wasThere && endingEvent(look.state) !== null,
  };
}

function draft(event: WatchEventKind, look: ConnectionLook, evidence: EventDraft['evidence']): EventDraft {
  return { event, id: look.id, connection: { local: look.local, remote: look.remote }, evidence };
}

/** Since when no payload went either way. */
function quietFor({ lastDataSentMs, lastDataReceivedMs }: ConnectionLook): number | null {
  return lastDataSentMs === null || lastDataReceivedMs === null ? null : Math.min(lastDataSentMs, lastDataReceivedMs);
}

/** What the state tells about who closed first (RFC 9293, section 3.6). */
function endingEvent(state: TcpState): 'closed-by-peer' | 'closed-here' | null {
  switch (state) {
    case 'close-wait':
    case 'last-ack':
      return 'closed-by-peer';
    case 'fin-wait-1':
    case 'fin-wait-2':
    case 'closing':
    case 'time-wait':
      return 'closed-here';
    default:
      return null;
  }
}

function endingOf(entry: Entry): EventDraft[] {
  const event = endingEvent(entry.look.state);
  if (event === null) return [];
  entry.over = true;
  entry.condition = 'ending';
  return [draft(event, entry.look, { state: entry.look.state })];
}

function vanished(entry: Entry, atMs: number): EventDraft {
  const { look, stalled } = entry;
  const probes = look.unansweredProbes ?? 0;
  const evidence = { lastState: look.state, ...unanswered(entry, atMs) };
  // A probe more would have been the one after which the kernel gives up.
  const gaveUp = stalled && look.probeLimit !== null && probes >= look.probeLimit;
  return draft(gaveUp ? 'timed-out' : 'gone', look, evidence);
}

/** What goes unanswered at the end; nothing when everything was answered. */
function unanswered({ look, unansweredSinceMs }: Entry, atMs: number): EventDraft['evidence'] {
  if (unansweredSinceMs === null) return {};
  return {
    unansweredForMs: Math.round(atMs - unansweredSinceMs),
    unansweredProbes: look.unansweredProbes,
    probeLimit: look.probeLimit,
    retransmits: look.retransmits,
  };
}

/** Quiet, unanswered, stalled, recovered. */
function judge(entry: Entry, limits: WatchLimits, atMs: number): EventDraft[] {
  if (entry.over || entry.look.state !== 'established') return [];
  return [...answers(entry, limits, atMs), ...silence(entry, limits)];
}

function silence(entry: Entry, { quietMs }: WatchLimits): EventDraft[] {
  const before = entry.quietForMs;
  const now = quietFor(entry.look);
  entry.quietForMs = now;
  if (now === null) return [];
  if (before !== null && now < before && now < quietMs) entry.nextQuietMs = quietMs;
  if (now < entry.nextQuietMs) return [];
  while (entry.nextQuietMs <= now) entry.nextQuietMs *= 2;
  return [draft('quiet', entry.look, { quietForMs: now, lastAcknowledgedMs: entry.look.lastAckReceivedMs })];
}

function answers(entry: Entry, { unansweredUntilStalled }: WatchLimits, atMs: number): EventDraft[] {
  const { look } = entry;
  const { unansweredProbes: probes, retransmits, probeLimit, lastAckReceivedMs, rttMs } = look;
  const most = Math.max(probes ?? 0, retransmits ?? 0);
  if (most === 0) return recovered(entry, atMs);
  entry.unansweredSinceMs ??= atMs;
  const graceMs = Math.max(ANSWER_GRACE_MS, ANSWER_GRACE_ROUND_TRIPS * (rttMs ?? 0));
  if (most < 2 && atMs - entry.unansweredSinceMs < graceMs) return [];
  entry.condition = entry.stalled ? 'stalled' : 'unanswered';
  const events: EventDraft[] = [];
  const lastAcknowledgedMs = lastAckReceivedMs;
  if (probes !== null && probes > entry.toldProbes) {
    entry.toldProbes = probes;
    const kind = look.probeKind === 'window' ? { probe: 'window' } : {};
    events.push(draft('probe-unanswered', look, { unansweredProbes: probes, probeLimit, ...kind, lastAcknowledgedMs }));
  }
  if (retransmits !== null && retransmits > entry.toldRetransmits) {
    entry.toldRetransmits = retransmits;
    const { unackedSegments } = look;
    events.push(draft('retransmitting', look, { retransmits, unackedSegments, lastAcknowledgedMs }));
  }
  if (!entry.stalled && most >= Math.min(unansweredUntilStalled, probeLimit ?? unansweredUntilStalled)) {
    entry.stalled = true;
    entry.condition = 'stalled';
    events.push(draft('stalled', look, { unansweredProbes: probes, probeLimit, retransmits, lastAcknowledgedMs }));
  }
  return events;
}

function recovered(entry: Entry, atMs: number): EventDraft[] {
  const { unansweredSinceMs, stalled, toldProbes, toldRetransmits } = entry;
  const wasTold = toldProbes > 0 || toldRetransmits > 0;
  Object.assign(entry, { unansweredSinceMs: null, stalled: false, toldProbes: 0, toldRetransmits: 0 });
  entry.condition = 'fine';
  if (!wasTold || unansweredSinceMs === null) return [];
  return [
    draft('recovered', entry.look, { unansweredForMs: Math.round(atMs - unansweredSinceMs), wasStalled: stalled }),
  ];
}
