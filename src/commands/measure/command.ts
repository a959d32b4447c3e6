import { type Command, Option } from '@commander-js/extra-typings';
import { UsageError } from '../../base/errors.ts';
import { DAY_MS, formatDuration, parseDuration, plural } from '../../base/units.ts';
import { applicationFor } from '../../connections/applications/for-scheme.ts';
import { applications } from '../../connections/applications/registry.generated.ts';
import { connectAny } from '../../connections/connect.ts';
import { resolve } from '../../connections/resolve.ts';
import { parseTarget, SCHEME_NAMES, type Target } from '../../connections/target.ts';
import { recommendKeepalive } from '../../keepalive/keepalive.ts';
import { presets } from '../../knowledge/middleboxes/registry.generated.ts';
import { librarySwitches } from '../../knowledge/switches.ts';
import { descriptorsToSpare } from '../../linux/descriptor-limit.ts';
import { loadLibc } from '../../linux/libc.ts';
import { factsAbout } from '../../policy/facts.ts';
import { judge } from '../../policy/judge.ts';
import type { Gap, Outcome } from '../../report/report.ts';
import type { CommandContext, Room } from '../room.ts';
import { type Bounds, durationOption, integerOption, quoted } from '../shared/options.ts';
import { matchesOf, type Seen, tellApart } from './candidates.ts';
import { type FarEnd, obstacleToSpeaking } from './far-end-speaks.ts';
import { cheapestRatio, type LadderPlan } from './ladder.ts';
import { type MeasureResult, measure as measurePath, rungCount } from './measure-path.ts';
import { type ResumeNotes, writeNotes } from './measurement-file.ts';
import { measureProgress } from './progress.ts';
import type { MeasureData, MeasuredDirection } from './report.ts';
import { readResume, saveResume } from './resume-file.ts';

const HOUR_MS = 3_600_000;

const DEFAULTS = {
  minMs: 5000,
  maxMs: HOUR_MS,
  share: 0.01,
  floorMs: 1000,
  connections: 64,
  timeoutMs: 16_000,
} as const;

/** What values may be, in milliseconds where they are times. */
export const MEASURE_BOUNDS = {
  minMs: { min: 2000, max: 14 * DAY_MS, step: 1 },
  maxMs: { min: 2000, max: 14 * DAY_MS, step: 1 },
  connections: { min: 8, max: 1024, step: 1 },
  /** Below this the kernel's clocks and those of the boxes are all that is measured. */
  floorMs: { min: 200, max: DAY_MS, step: 1 },
} as const satisfies Record<string, Bounds>;

const DIRECTIONS = ['client', 'server', 'both'] as const satisfies readonly MeasureData['direction'][];
type Side = Exclude<MeasureData['direction'], 'both'>;

/** What `measure` is asked, with every default filled in. */
export interface MeasureQuestion {
  target: Target;
  direction: MeasureData['direction'];
  minMs: number;
  maxMs: number;
  resolution: LadderPlan['resolution'];
  connections: number;
  /** The name of an application; null: none. */
  warmup: string | null;
  locate: boolean;
  resume: string | null;
}

/** Measures after how long a path forgets an idle connection. */
export const room: Room<MeasureData> = {
  view: async () => (await import('./text.ts')).view,
  declare(command: Command): void {
    command
      .description(
        'Leaves connections idle side by side, each for another time, and probes them without payload: the age from which they are dead is the idle timeout of the path. Needs nothing at the far end but a port that accepts connections and holds them; --direction server or both needs kaprobe serve there.',
      )
      .argument('<target>', `host:port, [v6]:port, or a URL: ${SCHEME_NAMES.join(', ')}`)
      .optionsGroup('Timing:')
      .addOption(durationOption('--max <duration>', 'the longest idle time to try (default: 1h)', MEASURE_BOUNDS.maxMs))
      .addOption(
        durationOption('--min <duration>', 'the shortest idle time to try (default: 5s)', MEASURE_BOUNDS.minMs),
      )
      .addOption(
        new Option(
          '--resolution <width>',
          'how narrow the answer has to be: a share of the timeout such as 2%, never less than a second, or a duration (default: 1%)',
        ).argParser(readResolution),
      )
      .optionsGroup('Target:')
      .addOption(
        integerOption(
          '--connections <n>',
          `connections open at once, at most (default: ${DEFAULTS.connections}); more are faster`,
          MEASURE_BOUNDS.connections,
        ),
      )
      .addOption(
        new Option(
          '--warmup <protocol>',
          "the request that each connection begins with, which puts the server into its longest idle state (default: the scheme's)",
        ).choices([...Object.keys(applications), 'none']),
      )
      .addOption(
        new Option(
          '--direction <who>',
          'who speaks first after the silence: this side; the far end, which needs kaprobe serve there; or both, each on half of the connections',
        )
          .choices(DIRECTIONS)
          .default('client'),
      )
      .option('--locate', 'look for the hop that drops the idle connections')
      .option('--resume <file>', 'begin with what an interrupted run left there, and leave there what is known')
      .addHelpText(
        'after',
        `
Takes about 1.1 times the timeout with 128 or 64 connections, 1.4 with 16, and
some seconds. Ctrl-C prints what is known by then.

Examples:
  kaprobe measure db.example:5432
  kaprobe measure https://app.example --max 10m --connections 128
  kaprobe measure 10.0.0.5:6379 --max 2h --locate --resume redis.kaprobe
  kaprobe measure app.example:7000 --direction both`,
      );
  },

  async run(operands, options, context) {
    return measureTarget(readQuestion(operands, options), context);
  },
};

/** Reads `2%` or `500ms`. */
function readResolution(text: string): LadderPlan['resolution'] {
  const [, percent] = /^(\d{1,2}(?:\.\d{1,2})?)%$/.exec(text) ?? [];
  if (percent !== undefined && Number(percent) > 0) return { share: Number(percent) / 100, floorMs: DEFAULTS.floorMs };
  const parsed = parseDuration(text);
  if (parsed.kind === 'invalid') {
    throw new UsageError(
      `--resolution ${quoted(text)} is neither a share from 0.01% to 99% nor a duration`,
      'for example --resolution 2% or --resolution 500ms',
    );
  }
  if (parsed.ms < MEASURE_BOUNDS.floorMs.min) {
    throw new UsageError(
      `--resolution ${quoted(text)} is finer than this can tell`,
      `from ${formatDuration(MEASURE_BOUNDS.floorMs.min)}, which is what the clocks on the way are good for`,
    );
  }
  return { share: 0, floorMs: parsed.ms };
}

function readQuestion(operands: readonly string[], options: Record<string, unknown>): MeasureQuestion {
  const number = (name: string): number | null => {
    const value = options[name];
    return typeof value === 'number' ? value : null;
  };
  const [operand] = operands;
  if (operand === undefined) throw new UsageError('no target given', 'for example kaprobe measure db.example:5432');
  const { resolution, warmup, resume } = options;
  return measureQuestion({
    target: parseTarget(operand),
    direction: DIRECTIONS.find((name) => name === options['direction']) ?? 'client',
    minMs: number('min'),
    maxMs: number('max'),
    resolution: isResolution(resolution) ? resolution : null,
    connections: number('connections'),
    warmup: typeof warmup === 'string' ? warmup : null,
    locate: options['locate'] === true,
    resume: typeof resume === 'string' ? resume : null,
  });
}

/** A question with gaps: null leaves the value to the defaults. */
export type MeasureWish = Omit<MeasureQuestion, 'minMs' | 'maxMs' | 'resolution' | 'connections'> & {
  minMs: number | null;
  maxMs: number | null;
  resolution: LadderPlan['resolution'] | null;
  connections: number | null;
  /** `none`: no request, whatever the target's scheme; null: the scheme's. */
  warmup: string | null;
};

/** Fills the gaps. Values must be within their bounds; throws a UsageError for those that do not go together. */
export function measureQuestion(wish: MeasureWish): MeasureQuestion {
  const { target, direction, warmup } = wish;
  const maxMs = wish.maxMs ?? Math.max(DEFAULTS.maxMs, 2 * (wish.minMs ?? 0));
  const minMs = wish.minMs ?? Math.min(DEFAULTS.minMs, maxMs / 2);
  if (minMs >= maxMs) {
    throw new UsageError(
      `--min ${formatDuration(minMs)} is not below --max ${formatDuration(maxMs)}`,
      'there is nothing between them to look for',
    );
  }
  const resolution = wish.resolution ?? { share: DEFAULTS.share, floorMs: DEFAULTS.floorMs };
  const connections = wish.connections ?? DEFAULTS.connections;
  if (direction !== 'client') refuseWithoutServe(wish);
  if (connections < fewestConnections(direction)) {
    throw new UsageError(
      `--direction ${direction} leaves too few of ${plural(connections, 'connection')} for each`,
      `at least ${fewestConnections(direction)}`,
    );
  }
  for (const side of sidesOf(direction)) {
    const rungs = rungCount(shareOf(direction, connections), side);
    if (wish.resolution !== null) refuseTooFine(resolution, { connections, rungs }, maxMs);
  }
  const own = applicationFor(target.scheme);
  const named = Object.keys(applications).find((name) => applications[name] === own) ?? null;
  return {
    ...wish,
    minMs,
    maxMs,
    resolution,
    connections,
    warmup: warmup === null ? named : warmup === 'none' ? null : warmup,
  };
}

function fewestConnections(direction: MeasureData['direction']): number {
  return sidesOf(direction).length * MEASURE_BOUNDS.connections.min;
}

function isResolution(value: unknown): value is LadderPlan['resolution'] {
  return typeof value === 'object' && value !== null && 'share' in value && 'floorMs' in value;
}

/** What cannot be asked together with the far end's speaking, which only `kaprobe serve` does. */
function refuseWithoutServe({ target: { scheme }, direction, warmup, locate }: MeasureWish): void {
  if (scheme !== 'tcp') {
    throw new UsageError(
      `--direction ${direction} needs kaprobe serve at the far end, which does not speak ${scheme}`,
      'give the target as host:port',
    );
  }
  if (warmup !== null && warmup !== 'none') {
    throw new UsageError(
      `--direction ${direction} needs kaprobe serve at the far end, which takes no --warmup`,
      'leave --warmup out',
    );
  }
  if (locate && direction === 'server') {
    throw new UsageError(
      '--locate follows what this side sends, and --direction server waits for what the far end sends',
      'use --direction both',
    );
  }
}

function sidesOf(direction: MeasureData['direction']): readonly Side[] {
  return direction === 'both' ? ['client', 'server'] : [direction];
}

/** Connections that one side may have. */
function shareOf(direction: MeasureData['direction'], connections: number): number {
  return direction === 'both' ? Math.floor(connections / 2) : connections;
}

/** Each rung leaves a gap that a few rounds must narrow, each of which divides it by no more than the connections that are left. */
function refuseTooFine(
  { share, floorMs }: LadderPlan['resolution'],
  { connections, rungs }: { connections: number; rungs: number },
  maxMs: number,
): void {
  const ROUNDS = 6;
  const gapShare = cheapestRatio(rungs).ratio - 1;
  const finestMs = (gapShare * maxMs) / 2 ** ROUNDS;
  if (Math.max(floorMs, share * maxMs) >= finestMs) return;
  const stepMs = finestMs < 59_000 ? 100 : 1000; // as it is written
  const givenMs = Math.ceil(finestMs / stepMs) * stepMs;
  throw new UsageError(
    `--resolution is finer than ${plural(connections, 'connection')} can tell for timeouts up to ${formatDuration(maxMs)}`,
    `the finest that they can tell is ${formatDuration(givenMs)}; give more --connections, or a shorter --max`,
  );
}

/** Does the measuring. The question must be within its bounds. */
export async function measureTarget(question: MeasureQuestion, context: CommandContext): Promise<Outcome<MeasureData>> {
  const { target, direction, resume } = question;
  const { signal } = context;
  const about = { target: target.label, direction };
  const known = resume === null ? null : readResume(resume, about);
  const connections = withinDescriptors(question);
  const minMs = known === null || known.lowerMs < question.minMs ? question.minMs : known.lowerMs;
  if (minMs >= question.maxMs) {
    throw new UsageError(
      `${quoted(resume ?? '')} says that ${formatDuration(minMs)} of silence is survived, and --max is ${formatDuration(question.maxMs)}`,
      'give a longer --max, or a new name to begin again',
    );
  }
  const libc = await loadLibc();
  const found = await reach(target, signal);
  if (typeof found === 'string') return couldNot(question, null, found);
  const { address } = found;
  if (direction !== 'client') {
    context.progress('asking the far end to speak');
    await requireServe({ target, address, libc, signal });
  }
  const progress = measureProgress(question, context);
  let saved = '';
  const measureSide = (side: Side): Promise<MeasureResult> =>
    measurePath(
      {
        target,
        address,
        direction: side,
        ladder: { ...question, minMs, connectionCount: shareOf(direction, connections), likelyMs: likelyTimeouts() },
        application: question.warmup === null ? null : (applications[question.warmup] ?? null),
        locate: question.locate && side === 'client',
        onProgress: (state) => {
          const { lowerMs, upperMs } = progress(side, state);
          const notes = writeNotes({ ...about, lowerMs: Math.max(lowerMs, known?.lowerMs ?? 0), upperMs });
          if (resume === null || notes === saved) return;
          saved = notes;
          saveResume(resume, notes);
        },
      },
      libc,
      signal,
    );
  const startedAtMs = performance.now();
  const [first, second] = sidesOf(direction);
  const [result, farEnd] = await Promise.all([
    measureSide(first ?? 'client'),
    second === undefined ? null : measureSide(second),
  ]);
  return outcomeOf(question, address, { result, farEnd, known, elapsedMs: performance.now() - startedAtMs });
}

/** Throws a UsageError when the far end does not speak on request. */
async function requireServe(farEnd: FarEnd): Promise<void> {
  const obstacle = await obstacleToSpeaking(farEnd);
  if (obstacle === null) return;
  const { target } = farEnd;
  throw new UsageError(
    `the far end at ${target.label} does not speak when it is asked to, as kaprobe serve does: ${obstacle}`,
    `run kaprobe serve --host 0.0.0.0 --port ${target.port} there, or leave --direction out: the client direction needs nothing`,
  );
}

/** The address of the target that answers; a text says why none does. Rejects only when aborted. */
async function reach(target: Target, signal: AbortSignal): Promise<{ address: string } | string> {
  const { timeoutMs } = DEFAULTS;
  const resolution = await resolve(target.host, null, { timeoutMs, signal });
  if (resolution.kind === 'unresolved') return `the name could not be resolved (${resolution.error})`;
  const { socket, address, kind, error } = await connectAny(resolution.addresses, target.port, { timeoutMs, signal });
  socket?.destroy();
  return socket === null || address === null ? `could not connect: ${kind} (${error ?? 'unknown'})` : { address };
}

/** As many connections as the limit on open files has room for. */
function withinDescriptors({ connections, direction }: MeasureQuestion): number {
  const room = descriptorsToSpare();
  if (room < fewestConnections(direction))
    throw new UsageError('the limit on open files has no room for the connections', 'ulimit -n raises it');
  return Math.min(connections, room);
}

/** The timeouts that products ship with, the commonest first. */
function likelyTimeouts(): number[] {
  const counts = new Map<number, number>();
  for (const { idleTimeoutMs, protocol } of Object.values(presets)) {
    if (idleTimeoutMs !== null && protocol === 'tcp') counts.set(idleTimeoutMs, (counts.get(idleTimeoutMs) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one).map(([timeoutMs]) => timeoutMs);
}

const NOTHING: MeasuredDirection = {
  idleTimeout: { lowerMs: null, upperMs: null, outcome: 'unmeasured' },
  endedBy: null,
  matches: [],
  tellApart: [],
  keepaliveRefreshes: null,
  connections: 0,
  rungs: [],
  doubts: [],
  falseDeathProbability: null,
};

function dataOf(question: MeasureQuestion, address: string | null): MeasureData {
  const { target, direction, minMs, maxMs, resolution, connections, warmup } = question;
  return {
    ...NOTHING,
    target: target.label,
    address,
    port: target.port,
    direction,
    warmup,
    wanted: { minMs, maxMs, resolution, connections },
    elapsedMs: 0,
    dropper: null,
    farEndFirst: null,
  };
}

function couldNot(question: MeasureQuestion, address: string | null, reason: string): Outcome<MeasureData> {
  const gaps: Gap[] = [{ subject: question.target.label, what: 'idle timeout', reason }];
  return { data: dataOf(question, address), findings: [], gaps };
}

function outcomeOf(
  question: MeasureQuestion,
  address: string,
  found: { result: MeasureResult; farEnd: MeasureResult | null; known: ResumeNotes | null; elapsedMs: number },
): Outcome<MeasureData> {
  const { target, direction } = question;
  const { result, farEnd, known, elapsedMs } = found;
  const data: MeasureData = {
    ...dataOf(question, address),
    ...sideOf(result, direction === 'server' ? 'server' : 'client', known),
    elapsedMs,
    dropper: result.dropper,
    farEndFirst: farEnd === null ? null : sideOf(farEnd, 'server', known),
  };
  const lowers = [data, data.farEndFirst].flatMap((side) =>
    side?.endedBy === 'path' && side.idleTimeout.lowerMs !== null ? [side.idleTimeout.lowerMs] : [],
  );
  const recommended = lowers.length === 0 ? null : recommendKeepalive(Math.min(...lowers));
  const findings = judge({
    ...factsAbout(target.label),
    measured: data,
    dropper: result.dropper,
    librarySwitches: recommended === null ? [] : librarySwitches(target.scheme, recommended),
  });
  const gaps = [result, ...(farEnd === null ? [] : [farEnd])].flatMap((each): Gap[] => {
    if (isMeasured(each)) return [];
    const what = each === farEnd ? 'idle timeout when the far end speaks first' : 'idle timeout';
    return [{ subject: target.label, what, reason: each.why ?? 'interrupted before anything was known' }];
  });
  return { data, findings, gaps, interrupted: result.interrupted || farEnd?.interrupted === true };
}

const isMeasured = ({ answer }: MeasureResult): boolean => answer !== null && answer.outcome !== 'unmeasured';

/** What came out for the connections on which one side spoke first. */
function sideOf(result: MeasureResult, side: Side, known: ResumeNotes | null): MeasuredDirection {
  const { answer, refusal, rungs, connectionCount, keepaliveRefreshes, callFailures } = result;
  if (answer === null) return { ...NOTHING, connections: connectionCount, rungs, doubts: [] };
  const { lowerMs, upperMs, outcome, by, doubts } = answer;
  const seen: Seen | null =
    by === 'path' && upperMs !== null
      ? { lowerMs, upperMs, outcome: side === 'client' ? outcome : null, keepaliveRefreshes }
      : null;
  const matches = seen === null ? [] : matchesOf(Object.values(presets), seen);
  return {
    idleTimeout: { lowerMs, upperMs, outcome },
    endedBy: by,
    matches,
    tellApart: seen === null ? [] : tellApart(matches, seen),
    keepaliveRefreshes,
    connections: connectionCount,
    rungs,
    doubts: [
      ...doubts,
      ...(refusal === null ? [] : [`fewer connections than asked for: ${refusal}`]),
      ...callFailures.map((reason) => `the far end did not always speak when it was asked to: ${reason}`),
      ...(known === null ? [] : [`silences up to ${formatDuration(known.lowerMs)} are taken from an earlier run`]),
    ],
    falseDeathProbability: isMeasured(result) ? result.falseDeathProbability : null,
  };
}
