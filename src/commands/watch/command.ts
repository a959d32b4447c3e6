import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from '@commander-js/extra-typings';
import { CapabilityError, UsageError, unlessMissing } from '../../base/errors.ts';
import { parseTarget, type Target } from '../../connections/target.ts';
import { descriptorLimit } from '../../linux/descriptor-limit.ts';
import { type Libc, loadLibc } from '../../linux/libc.ts';
import { factsAbout } from '../../policy/facts.ts';
import { judge } from '../../policy/judge.ts';
import { atLeast } from '../../report/finding.ts';
import type { Gap, Outcome } from '../../report/report.ts';
import type { RequestedKeepalive } from '../../report/values.ts';
import { isUnfiltered, type SocketFilter } from '../../sockets/socket-filter.ts';
import type { CommandContext, Room } from '../room.ts';
import { type Bounds, durationOption, integerOption } from '../shared/options.ts';
import { addEndOptions, addHolderOptions, namespaceOf, readSelection } from '../shared/socket-selection.ts';
import { type EventDraft, type Tracked, type WatchedConnections, watchConnections } from './decide-events.ts';
import {
  WATCH_EVENTS,
  type WatchData,
  type WatchEvent,
  type WatchEventKind,
  type WatchedConnection,
} from './report.ts';
import { watchObserved } from './watch-observed.ts';
import { type OwnSource, watchOwn } from './watch-own.ts';
import type { WatchSource } from './watch-source.ts';

const BOUNDS = {
  connections: { min: 1, max: 10_000, step: 1 },
  idleMs: { min: 1000, max: 32_767_000, step: 1000 },
  intervalMs: { min: 1000, max: 32_767_000, step: 1000 },
  count: { min: 1, max: 127, step: 1 },
  forMs: { min: 1000, max: 366 * 86_400_000, step: 1 },
  quietMs: { min: 1000, max: 366 * 86_400_000, step: 1 },
  netns: { min: 1, max: 4_194_304, step: 1 },
} as const satisfies Record<string, Bounds>;

const DEFAULTS = { idleMs: 15_000, intervalMs: 5000, count: 9, quietMs: 60_000 } as const;

/** Lost by chance alone, at 1 % loss each way, three in a row are 8 times in a million; at 20 %, 5 times in a hundred. */
const UNANSWERED_UNTIL_STALLED = 3;

/** Between two looks at its own sockets and at others', and the share of one core that they may take. */
const LOOK_EVERY_MS = { own: 500, observed: 1000 } as const;
const COST_SHARE = 0.03;
/** How often a name is looked up again: as long as resolvers commonly let an answer live. */
const RESOLVE_EVERY_MS = 30_000;
/** No load of the machine makes it look more rarely than this. */
const LOOK_AT_LEAST_EVERY_MS = 10_000;

/** What is kept for the report at the end, however long the watch lasts. */
const MOST_EVENTS = 200;
const MOST_TROUBLED = 100;
/** More rows than any screen has. */
const MOST_ROWS = 200;
/** Descriptors that the program needs for itself. */
const DESCRIPTORS_BESIDE = 40;

/** Holds or observes connections and tells what happens to them at once; at the end comes the report. */
export const room: Room<WatchData> = {
  view: async () => (await import('./text.ts')).view,
  endsOnInterrupt: true,

  declare(command: Command): void {
    command
      .description(
        'Holds connections of its own to TARGET, or observes those of other processes, and prints an event the moment something changes: quiet, probe unanswered, retransmitting, stalled, recovered, reset, closed. Changes nothing on what it observes.',
      )
      .argument('[target]', 'host:port, [v6]:port or a URL: hold connections to it')
      .optionsGroup('Held connections:')
      .addOption(integerOption('--connections <n>', 'how many (default: 1)', BOUNDS.connections))
      .addOption(durationOption('--idle <duration>', 'silence before the first probe (default: 15s)', BOUNDS.idleMs))
      .addOption(durationOption('--interval <duration>', 'between unanswered probes (default: 5s)', BOUNDS.intervalMs))
      .addOption(integerOption('--count <n>', 'unanswered probes until the kernel gives up (default: 9)', BOUNDS.count))
      .option('--reconnect', 'make a connection that is over again, after 1 s, 2 s, 4 s and so on up to 30 s');
    command.optionsGroup("Others' connections (repeatable, any of the values; all options together):");
    addHolderOptions(command);
    addEndOptions(command);
    command
      .addOption(
        integerOption(
          '--netns <pid>',
          'look into the network namespace of this process (default: of --pid)',
          BOUNDS.netns,
        ),
      )
      .optionsGroup('Timing:')
      .addOption(durationOption('--for <duration>', 'when to end (default: on Ctrl-C)', BOUNDS.forMs))
      .addOption(new Option('--until <event>', 'end when this happens').choices(WATCH_EVENTS))
      .addOption(
        durationOption(
          '--quiet <duration>',
          'tell a silence from this length on, and each time that it has doubled (default: 1m)',
          BOUNDS.quietMs,
        ),
      )
      .addHelpText(
        'after',
        `
In a pipe each event is a line, with --format ndjson a JSON object and the
report the last line, with --format json only the report. On a terminal a
table of the connections stands below the events.
It ends after --for, on --until, when nothing is left to watch, or on Ctrl-C.
The exit code is 1 when a stall, a reset or a connection that could not be made
was seen; else 130 when Ctrl-C came before what --for or --until asked for.

Examples:
  kaprobe watch db.example:5432 --for 10m
  kaprobe watch --pid 4711 --until stalled --format ndjson
  kaprobe watch --remote 10.0.0.0/8 --quiet 5m`,
      );
  },

  async run(operands, options, context) {
    const question = await readQuestion(operands, options, context);
    return watchUntilTheEnd(question, context);
  },
};

interface Question {
  subject: string;
  own: { target: Target; connections: number; keepalive: RequestedKeepalive; reconnect: boolean } | null;
  filter: SocketFilter;
  netns: number | null;
  forMs: number | null;
  until: WatchEventKind | null;
  quietMs: number;
}

const OF_HELD = ['connections', 'idle', 'interval', 'count', 'reconnect'] as const;

async function readQuestion(
  operands: readonly string[],
  options: Record<string, unknown>,
  { signal }: CommandContext,
): Promise<Question> {
  const number = (name: string): number | null => {
    const value = options[name];
    return typeof value === 'number' ? value : null;
  };
  const { filter, given } = await readSelection(options, { signal });
  const [text] = operands;
  const isFiltered = !isUnfiltered(filter);
  if (text === undefined && !isFiltered) {
    throw new UsageError(
      'nothing to watch',
      'give a TARGET to hold connections to, or --pid, --command, --remote, --local or --port to observe',
    );
  }
  if (text !== undefined && given.length > 0) {
    throw new UsageError(
      `a TARGET and ${given[0]?.split(' ')[0]} contradict each other`,
      'kaprobe either holds connections of its own or observes those of others',
    );
  }
  const forHeld = OF_HELD.find((name) => options[name] !== undefined);
  if (text === undefined && forHeld !== undefined)
    throw new UsageError(`--${forHeld} is for connections of kaprobe's own`, 'give a TARGET');
  return {
    subject: text === undefined ? given.join(' ') : parseTarget(text).label,
    own: text === undefined ? null : readOwn(parseTarget(text), number, options['reconnect'] === true),
    filter,
    netns: number('netns'),
    forMs: number('for'),
    until: WATCH_EVENTS.find((event) => event === options['until']) ?? null,
    quietMs: number('quiet') ?? DEFAULTS.quietMs,
  };
}

function readOwn(target: Target, number: (name: string) => number | null, reconnect: boolean): Question['own'] {
  const connections = number('connections') ?? 1;
  const limit = descriptorLimit();
  if (limit !== null && connections > limit - DESCRIPTORS_BESIDE) {
    throw new UsageError(
      `--connections ${connections} is more than the limit on open files has room for`,
      `at most ${Math.max(1, limit - DESCRIPTORS_BESIDE)} here; ulimit -n raises it`,
    );
  }
  return {
    ...{ target, connections, reconnect },
    keepalive: {
      enabled: true,
      idleMs: number('idle') ?? DEFAULTS.idleMs,
      intervalMs: number('interval') ?? DEFAULTS.intervalMs,
      count: number('count') ?? DEFAULTS.count,
      userTimeoutMs: null,
    },
  };
}

/** Opens what the connections come from. Throws a CapabilityError where what was asked for cannot be seen. */
async function openSource(
  { own, filter, netns, until }: Question,
  signal: AbortSignal,
): Promise<WatchSource | OwnSource> {
  if (own !== null)
    return watchOwn({ ...own, resolveEveryMs: RESOLVE_EVERY_MS, libc: await loadLibcToHold(own.target), signal });
  const source = await watchObserved(filter, netns ?? namespaceOf(filter.pids));
  if (source.source === 'procfs' && until !== null && NOT_IN_PROCFS.includes(until)) {
    throw new CapabilityError(
      `--until ${until} would never be: /proc/net/tcp does not show it, and there is no sock_diag: ${source.withoutSockDiag}`,
      'other events show there, such as stalled and gone',
    );
  }
  return source;
}

/** They need the times of the last segments, and the sockets' own options. */
const NOT_IN_PROCFS: readonly WatchEventKind[] = ['quiet', 'timed-out'];

async function loadLibcToHold({ label }: Target): Promise<Libc> {
  try {
    return await loadLibc();
  } catch (error) {
    const { message } = unlessMissing(error);
    throw new CapabilityError(
      `cannot hold connections to ${label}, which takes keepalive and TCP_INFO of their sockets: ${message}`,
      'without them watch can only observe what others hold, from /proc/net/tcp: --remote, --pid',
      error,
    );
  }
}

async function watchUntilTheEnd(question: Question, context: CommandContext): Promise<Outcome<WatchData>> {
  const { forMs, until, own } = question;
  const { signal } = context;
  const source = await openSource(question, signal);
  const watched = watchConnections({
    quietMs: question.quietMs,
    unansweredUntilStalled: UNANSWERED_UNTIL_STALLED,
    wereThere: question.own === null,
  });
  const log = openLog(question, source, watched, context);
  let endedBy: WatchData['endedBy'] | null = null;
  let lastCostMs = 0;
  try {
    while (endedBy === null) {
      const costMs = await log.step();
      if (until !== null && log.counts[until] > 0) endedBy = 'until';
      else if (signal.aborted) endedBy = 'interrupt';
      else if (forMs !== null && log.elapsedMs() >= forMs) endedBy = 'time';
      else if (source.isOver()) endedBy = 'nothing-left';
      else {
        // One look alone may cost more than the others do: the first, which loads code, or one during which memory is tidied up.
        const usualMs = Math.min(lastCostMs, costMs);
        lastCostMs = costMs;
        const hurry = watched.isUnsure ? 2 : 1;
        const leastMs = LOOK_EVERY_MS[own === null ? 'observed' : 'own'];
        const pauseMs = Math.min(LOOK_AT_LEAST_EVERY_MS, Math.max(leastMs, usualMs / COST_SHARE) / hurry);
        const restMs = forMs === null ? pauseMs : Math.max(0, forMs - log.elapsedMs());
        await sleep(Math.min(pauseMs, restMs), undefined, { signal }).catch(() => {});
      }
    }
    return outcomeOf(question, log.data(endedBy), source.withoutSockDiag, context);
  } finally {
    source.close();
  }
}

interface Log {
  counts: Record<WatchEventKind, number>;
  elapsedMs(): number;
  /** Looks once, tells what happened, and returns what it cost in milliseconds of one core. */
  step(): Promise<number>;
  data(endedBy: WatchData['endedBy']): WatchData;
}

/** Counts, keeps the last events, and hands everything on as it comes. */
function openLog(
  { subject, own, forMs, until, quietMs }: Question,
  source: WatchSource | OwnSource,
  watched: WatchedConnections,
  { emit, show }: CommandContext,
): Log {
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
      mode: own === null ? 'observed' : 'own',
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
    ...{ local: look.local, remote: look.remote, state: look.state, condition, quietForMs },
    owner: source.ownerOf(look.id),
    lastAcknowledgedMs: look.lastAckReceivedMs,
    unansweredProbes: look.unansweredProbes,
    probeLimit: look.probeLimit,
    retransmits: look.retransmits,
  };
}

function outcomeOf(
  { own }: Question,
  data: WatchData,
  withoutSockDiag: string | null,
  { failOn }: CommandContext,
): Outcome<WatchData> {
  const { subject, endedBy, forMs, until } = data;
  const findings = judge({ ...factsAbout(subject), watched: data });
  const isGrave = findings.some(({ severity }) => atLeast(severity, failOn));
  const gaps: Gap[] = [];
  if (data.seen === 0 && own === null)
    gaps.push({ subject, what: 'connections', reason: 'there was none while it watched' });
  if (withoutSockDiag !== null) {
    const reason = `read from /proc/net/tcp, which does not show them, because there is no sock_diag: ${withoutSockDiag}`;
    gaps.push({ subject, what: 'silence, and how many unanswered probes the sockets bear', reason });
  }
  return {
    data,
    findings,
    gaps,
    // Without --for and --until Ctrl-C is the end that was meant.
    interrupted: endedBy === 'interrupt' && (forMs !== null || until !== null) && !isGrave,
  };
}
