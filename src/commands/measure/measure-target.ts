import { UsageError } from '../../base/errors.ts';
import { quoted } from '../../base/quoted.ts';
import { formatDuration } from '../../base/units.ts';
import { applications } from '../../connections/applications/registry.generated.ts';
import { connectAny } from '../../connections/connect.ts';
import { endpointFacts } from '../../connections/facts.ts';
import { resolve } from '../../connections/resolve.ts';
import { rules as connectionRules } from '../../connections/rules/registry.generated.ts';
import type { Target } from '../../connections/target.ts';
import { recommendKeepalive } from '../../keepalive/keepalive.ts';
import { presets } from '../../knowledge/middleboxes/registry.generated.ts';
import { librarySwitches } from '../../knowledge/switches.ts';
import { descriptorsToSpare } from '../../linux/descriptor-limit.ts';
import { loadLibc } from '../../linux/libc.ts';
import { judge } from '../../report/finding.ts';
import type { Gap, Outcome } from '../../report/report.ts';
import type { CommandContext } from '../room.ts';
import { matchesOf, type Seen, tellApart } from './candidates.ts';
import { type FarEnd, obstacleToSpeaking } from './far-end-speaks.ts';
import { type MeasureResult, measure as measurePath } from './measure-path.ts';
import { type ResumeNotes, writeNotes } from './measurement-file.ts';
import { measureProgress } from './progress.ts';
import { fewestConnections, type MeasureQuestion, type Side, shareOf, sidesOf } from './question.ts';
import type { MeasureData, MeasuredDirection } from './report.ts';
import { readResume, saveResume } from './resume-file.ts';
import { rules } from './rules/registry.generated.ts';

/** For the name and the connection each: a lossy path needs several SYNs. */
const TIMEOUT_MS = 16_000;

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
  const patience = { timeoutMs: TIMEOUT_MS, signal };
  const resolution = await resolve(target.host, null, patience);
  if (resolution.kind === 'unresolved') return `the name could not be resolved (${resolution.error})`;
  const { socket, address, kind, error } = await connectAny(resolution.addresses, target.port, patience);
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
  tests: [],
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
  const switches = recommended === null ? [] : librarySwitches(target.scheme, recommended);
  const findings = [
    ...judge(rules, target.label, { ...data, librarySwitches: switches }),
    ...judge(connectionRules, target.label, endpointFacts({ dropper: result.dropper })),
  ];
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
  const { answer, refusal, tests, connectionCount, keepaliveRefreshes, callFailures } = result;
  if (answer === null) return { ...NOTHING, connections: connectionCount, tests, doubts: [] };
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
    tests,
    doubts: [
      ...doubts,
      ...(refusal === null ? [] : [`fewer connections than asked for: ${refusal}`]),
      ...callFailures.map((reason) => `the far end did not always speak when it was asked to: ${reason}`),
      ...(known === null ? [] : [`silences up to ${formatDuration(known.lowerMs)} are taken from an earlier run`]),
    ],
    falseDeathProbability: isMeasured(result) ? result.falseDeathProbability : null,
  };
}
