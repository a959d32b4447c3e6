import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { KernelError, ParseError, UsageError } from '../errors.ts';
import { descriptorLimit } from '../linux/descriptor-limit.ts';
import { loadLibc } from '../linux/libc.ts';
import { presets } from '../middlebox/presets/index.ts';
import { factsAbout } from '../policy/facts.ts';
import { judge } from '../policy/judge.ts';
import { recommendKeepalive } from '../policy/keepalive.ts';
import { cheapestRatio, type LadderPlan } from '../policy/ladder.ts';
import { LONGEST_NOTES_BYTES, type ResumeNotes, readNotes, writeNotes } from '../policy/resume.ts';
import { applicationFor, applications } from '../probes/applications/index.ts';
import { connectAny } from '../probes/connect.ts';
import { type MeasureProgress, type MeasureResult, measure as measurePath } from '../probes/measure.ts';
import { resolve } from '../probes/resolve.ts';
import type { SurvivalOutcome } from '../report/check.ts';
import type { IdleTimeoutMatch, MeasureData } from '../report/measure.ts';
import type { Gap, Outcome } from '../report.ts';
import { librarySwitches } from '../stacks/switches.ts';
import { parseTarget, type Target } from '../target.ts';
import { formatDuration, parseDuration, plural } from '../units.ts';
import type { CommandContext, CommandModule } from './index.ts';
import { type Bounds, durationOption, integerOption, quoted } from './options.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const DEFAULTS = {
  minMs: 5000,
  maxMs: HOUR_MS,
  share: 0.01,
  floorMs: 1000,
  connections: 64,
  timeoutMs: 16_000,
} as const;

const BOUNDS = {
  minMs: { min: 2000, max: 14 * DAY_MS, step: 1 },
  maxMs: { min: 2000, max: 14 * DAY_MS, step: 1 },
  connections: { min: 8, max: 1024, step: 1 },
} as const satisfies Record<string, Bounds>;

/** Below this the kernel's clocks and those of the boxes are all that is measured. */
const FINEST_MS = 200;
/** One keeps keepalive on, one is left for telling a dead connection from a dead path. */
const CONNECTIONS_BESIDE = 2;
/** What the program itself has open. */
const DESCRIPTORS_BESIDE = 40;
/** By how much a product's timeout may miss the bracket: its clock is its own. */
const MATCH_SHARE = 0.01;
const MATCH_MS = 500;

/** What `measure` is asked, with every default filled in. */
interface MeasureQuestion {
  target: Target;
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
export const measure: CommandModule<'measure'> = {
  declare(command: Command): void {
    command
      .description(
        'Leaves connections idle side by side, each for another time, and probes them without payload: the age from which they are dead is the idle timeout of the path. Needs nothing at the far end but a port that accepts connections and holds them.',
      )
      .argument('<target>', 'host:port, [v6]:port, or a tcp, tls, http, https, redis, postgres URL')
      .optionsGroup('Timing:')
      .addOption(durationOption('--max <duration>', 'the longest idle time to try (default: 1h)', BOUNDS.maxMs))
      .addOption(durationOption('--min <duration>', 'the shortest idle time to try (default: 5s)', BOUNDS.minMs))
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
          BOUNDS.connections,
        ),
      )
      .addOption(
        new Option(
          '--warmup <protocol>',
          "the request that each connection begins with, which puts the server into its longest idle state (default: the scheme's)",
        ).choices([...Object.keys(applications), 'none']),
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
  kaprobe measure 10.0.0.5:6379 --max 2h --locate --resume redis.kaprobe`,
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
  if (parsed.ms < FINEST_MS) {
    throw new UsageError(
      `--resolution ${quoted(text)} is finer than this can tell`,
      `from ${formatDuration(FINEST_MS)}, which is what the clocks on the way are good for`,
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
  const target = parseTarget(operand);
  const maxMs = number('max') ?? Math.max(DEFAULTS.maxMs, 2 * (number('min') ?? 0));
  const minMs = number('min') ?? Math.min(DEFAULTS.minMs, maxMs / 2);
  if (minMs >= maxMs) {
    throw new UsageError(
      `--min ${formatDuration(minMs)} is not below --max ${formatDuration(maxMs)}`,
      'there is nothing between them to look for',
    );
  }
  const resolution = isResolution(options['resolution'])
    ? options['resolution']
    : { share: DEFAULTS.share, floorMs: DEFAULTS.floorMs };
  const connections = number('connections') ?? DEFAULTS.connections;
  if (options['resolution'] !== undefined) refuseTooFine(resolution, connections, maxMs);
  const { warmup, resume } = options;
  const own = applicationFor(target.scheme);
  const named = Object.keys(applications).find((name) => applications[name] === own) ?? null;
  return {
    target,
    minMs,
    maxMs,
    resolution,
    connections,
    warmup: typeof warmup === 'string' ? (warmup === 'none' ? null : warmup) : named,
    locate: options['locate'] === true,
    resume: typeof resume === 'string' ? resume : null,
  };
}

function isResolution(value: unknown): value is LadderPlan['resolution'] {
  return typeof value === 'object' && value !== null && 'share' in value && 'floorMs' in value;
}

/** Each rung leaves a gap that a few rounds must narrow, each of which divides it by no more than the connections that are left. */
function refuseTooFine({ share, floorMs }: LadderPlan['resolution'], connections: number, maxMs: number): void {
  const ROUNDS = 6;
  const gapShare = cheapestRatio(connections - CONNECTIONS_BESIDE).ratio - 1;
  const finestMs = (gapShare * maxMs) / 2 ** ROUNDS;
  if (Math.max(floorMs, share * maxMs) >= finestMs) return;
  throw new UsageError(
    `--resolution is finer than ${plural(connections, 'connection')} can tell for timeouts up to ${formatDuration(maxMs)}`,
    `they can tell ${formatDuration(finestMs)}; give more --connections, or a shorter --max`,
  );
}

async function measureTarget(question: MeasureQuestion, context: CommandContext): Promise<Outcome<'measure'>> {
  const { target, resume } = question;
  const { signal } = context;
  const known = resume === null ? null : readResume(resume, target);
  const connections = withinDescriptors(question.connections);
  const minMs = known === null || known.lowerMs < question.minMs ? question.minMs : known.lowerMs;
  if (minMs >= question.maxMs) {
    throw new UsageError(
      `${quoted(resume ?? '')} says that ${formatDuration(minMs)} of silence is survived, which is --max already`,
      'give a longer --max',
    );
  }
  const ladder = { ...question, minMs, connectionCount: connections, likelyMs: likelyTimeouts() };
  const libc = await loadLibc();
  const found = await reach(target, signal);
  if (typeof found === 'string') return couldNot(question, null, found);
  const progress = progressLine(question, context);
  let saved = '';
  const result = await measurePath(
    {
      target,
      address: found.address,
      ladder,
      application: question.warmup === null ? null : (applications[question.warmup] ?? null),
      locate: question.locate,
      onProgress: (state) => {
        progress(state);
        const notes = writeNotes({
          target: target.label,
          lowerMs: Math.max(state.lowerMs, known?.lowerMs ?? 0),
          upperMs: state.upperMs,
        });
        if (resume === null || notes === saved) return;
        saved = notes;
        saveResume(resume, notes);
      },
    },
    libc,
    signal,
  );
  return outcomeOf(question, found.address, known, result);
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
function withinDescriptors(connections: number): number {
  const limit = descriptorLimit();
  const room = limit === null ? connections : limit - DESCRIPTORS_BESIDE;
  if (room < BOUNDS.connections.min)
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

function progressLine({ maxMs }: MeasureQuestion, { progress }: CommandContext): (state: MeasureProgress) => void {
  return ({ elapsedMs, lowerMs, upperMs, openCount }) => {
    const upper = upperMs === null ? '' : `, dead from ${formatDuration(upperMs)} on`;
    const rest =
      upperMs === null ? `, at most ${formatDuration(Math.max(0, 1.1 * maxMs - elapsedMs))} left` : ', narrowing';
    progress(
      `${formatDuration(elapsedMs)} passed: alive up to ${formatDuration(lowerMs)}${upper}; ${plural(openCount, 'connection')} open${rest}`,
    );
  };
}

/** What an earlier run left; null when there is no such file yet. */
function readResume(path: string, target: Target): ResumeNotes | null {
  let text: string;
  try {
    const file = statSync(path);
    // A device or a pipe has no size to check, and may never end.
    if (!file.isFile()) throw new ParseError(`${quoted(path)} is not a regular file`);
    const { size } = file;
    if (size > LONGEST_NOTES_BYTES) throw new ParseError(`${quoted(path)} is longer than ${LONGEST_NOTES_BYTES} bytes`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return null;
    if (errno === null) throw error;
    throw new KernelError(errno, `cannot read ${quoted(path)}`);
  }
  const read = readNotes(text);
  if (read.kind === 'invalid') {
    throw new ParseError(
      `${quoted(path)} ${read.reason}`,
      'give a file that an earlier --resume has written, or a new name',
    );
  }
  if (read.notes.target !== target.label) {
    throw new UsageError(`${quoted(path)} is about another target: ${quoted(read.notes.target)}`, 'give a new name');
  }
  return read.notes;
}

/** Writes beside and renames, so that a run that is cut leaves either the old or the new. */
function saveResume(path: string, notes: string): void {
  try {
    writeFileSync(`${path}.new`, notes, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new KernelError(errnoOf(error) ?? 'EIO', `cannot write ${quoted(path)}`);
  }
}

function errnoOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('E')
    ? error.code
    : null;
}

function dataOf(question: MeasureQuestion, address: string | null): MeasureData {
  const { target, minMs, maxMs, resolution, connections, warmup } = question;
  return {
    target: target.label,
    address,
    port: target.port,
    direction: 'client',
    warmup,
    wanted: { minMs, maxMs, resolution, connections },
    idleTimeout: { lowerMs: null, upperMs: null, outcome: 'unmeasured' },
    endedBy: null,
    matches: [],
    keepaliveRefreshes: null,
    elapsedMs: 0,
    connections: 0,
    rungs: [],
    dropper: null,
    doubts: [],
    falseDeathProbability: null,
  };
}

function couldNot(question: MeasureQuestion, address: string | null, reason: string): Outcome<'measure'> {
  const gaps: Gap[] = [{ subject: question.target.label, what: 'idle timeout', reason }];
  return { command: 'measure', data: dataOf(question, address), findings: [], gaps };
}

function outcomeOf(
  question: MeasureQuestion,
  address: string,
  known: ResumeNotes | null,
  result: MeasureResult,
): Outcome<'measure'> {
  const { target } = question;
  const { answer, why, refusal, rungs, elapsedMs, connectionCount, interrupted } = result;
  const measured = answer !== null && answer.outcome !== 'unmeasured';
  const before =
    known === null ? [] : [`silences up to ${formatDuration(known.lowerMs)} are taken from an earlier run`];
  const fewer = refusal === null ? [] : [`fewer connections than asked for: ${refusal}`];
  const idleTimeout: MeasureData['idleTimeout'] =
    answer === null
      ? { lowerMs: null, upperMs: null, outcome: 'unmeasured' }
      : { lowerMs: answer.lowerMs, upperMs: answer.upperMs, outcome: answer.outcome };
  const data: MeasureData = {
    ...dataOf(question, address),
    idleTimeout,
    endedBy: answer?.by ?? null,
    matches: answer?.by === 'path' ? matchesOf(answer.lowerMs, answer.upperMs, answer.outcome) : [],
    keepaliveRefreshes: result.keepaliveRefreshes,
    elapsedMs,
    connections: connectionCount,
    rungs,
    dropper: result.dropper,
    doubts: [...(answer?.doubts ?? []), ...fewer, ...before],
    falseDeathProbability: measured ? result.falseDeathProbability : null,
  };
  const recommended = answer?.by === 'path' ? recommendKeepalive(answer.lowerMs) : null;
  const findings = judge({
    ...factsAbout(target.label),
    measured: data,
    dropper: result.dropper,
    librarySwitches: recommended === null ? [] : librarySwitches(target.scheme, recommended),
  });
  const gaps: Gap[] = [];
  if (!measured)
    gaps.push({ subject: target.label, what: 'idle timeout', reason: why ?? 'interrupted before anything was known' });
  return { command: 'measure', data, findings, gaps, interrupted };
}

/** The products whose default lies in the bracket, those first that end connections as it was seen. */
function matchesOf(lowerMs: number, upperMs: number | null, outcome: SurvivalOutcome): IdleTimeoutMatch[] {
  if (upperMs === null) return [];
  const margin = (ms: number): number => Math.max(MATCH_MS, MATCH_SHARE * ms);
  const seen =
    outcome === 'stalled' ? 'silent-drop' : outcome === 'reset' ? 'rst' : outcome === 'closed' ? 'fin' : null;
  const agrees = (behaviour: IdleTimeoutMatch['expiry']): boolean | null =>
    behaviour === 'unknown' || seen === null ? null : behaviour === seen;
  const rank = ({ agrees: value }: IdleTimeoutMatch): number => (value === true ? 0 : value === null ? 1 : 2);
  return Object.values(presets)
    .flatMap(({ id, name, protocol, idleTimeoutMs, expiry: { behaviour }, configurableWith }) =>
      protocol === 'tcp' &&
      idleTimeoutMs !== null &&
      idleTimeoutMs >= lowerMs - margin(lowerMs) &&
      idleTimeoutMs <= upperMs + margin(upperMs)
        ? [{ id, name, idleTimeoutMs, expiry: behaviour, agrees: agrees(behaviour), configurableWith }]
        : [],
    )
    .sort((one, other) => rank(one) - rank(other));
}
