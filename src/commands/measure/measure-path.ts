import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { locateStalled } from '../../connections/locate/locate-stalled.ts';
import type { Dropper } from '../../connections/observation.ts';
import { falseStallProbability } from '../../connections/survival.ts';
import type { Libc } from '../../linux/libc.ts';
import { descriptorOf } from '../../linux/socket-options.ts';
import { askArm, openArm, PROBING_LOOK_MS, tuneArm } from './keepalive-arm.ts';
import { bracketSoFar, type LadderAnswer, lossOf, nextStep, type RungTest, rungAges, type Wave } from './ladder.ts';
import { BACK_OFF_MS, checkReach, fill, LOOK_MS, YOUNG_MS } from './open-connections.ts';
import type { AgeTest } from './report.ts';
import { begin, type MeasurePlan, openCount, probesNeeded, type Search, viewOf, type Work } from './search.ts';
import { conclude, lookAround, startTest } from './watch-connections.ts';

/** How long it is tried when every connection is turned away. */
const TURNED_AWAY_ALL_MS = 2 * BACK_OFF_MS;
/** How often progress is told. */
const TELL_MS = 500;
/** How long the far end may be out of reach before the search is given up. */
const OUT_OF_REACH_MS = 30_000;

/** What it came to. */
export interface MeasureResult {
  /** null: it could not be told, for the reason in `why`. */
  answer: LadderAnswer | null;
  why: string | null;
  tests: AgeTest[];
  elapsedMs: number;
  /** Most connections that were open at once, and why there were not more; null when there was no need. */
  connectionCount: number;
  refusal: string | null;
  /** Why the far end did not speak when it was called, each reason once. */
  callFailures: string[];
  /** Whether the connection on which keepalive was on outlived the timeout; null: not known. */
  keepaliveRefreshes: boolean | null;
  /** The chance that the death of a living connection was believed, by what the path was seen to lose. */
  falseDeathProbability: number;
  dropper: Dropper | null;
  interrupted: boolean;
}

/**
 * Finds the idle timeout of the path to a target, by connections that idle side by side (see ladder.ts). An abort is answered with what
 * is known by then.
 */
export async function measure(plan: MeasurePlan, libc: Libc, signal: AbortSignal): Promise<MeasureResult> {
  const search = begin(plan);
  const ladder = { ...plan.ladder, connectionCount: search.capacity };
  const stop = new AbortController();
  const work = { plan, libc, search, signal: AbortSignal.any([signal, stop.signal]) };
  setMaxListeners(0, work.signal); // one for each connection that is being made
  const ages = rungAges(ladder);
  let wave: Wave = [];
  try {
    await openArm(work);
    for (;;) {
      lookAround(work);
      fill(work);
      const view = viewOf(plan, search);
      const step = nextStep(ladder, ages, view, wave);
      const outOfReach = isOutOfReach(search);
      if (step.kind === 'answer' || outOfReach !== null) {
        const answer = step.kind === 'answer' ? step : null;
        conclude(answer?.conclude ?? [], search);
        tell(work, { now: true });
        if (answer !== null) await askArm(work);
        const dropper = plan.locate && answer?.by === 'path' ? await locate(work) : null;
        return resultOf(work, { answer, why: answer === null ? outOfReach : null, dropper, interrupted: false });
      }
      ({ wave } = step);
      conclude(step.conclude, search);
      for (const { id, plannedMs } of step.test) startTest(id, plannedMs, work);
      if (step.needsWitness) void checkReach(work);
      tuneArm(work);
      tell(work);
      await sleep(pauseMs(step.untilMs, search), undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return resultOf(work, { answer: answerSoFar(work), why: null, dropper: null, interrupted: true });
  } finally {
    stop.abort();
    closeAll(search);
  }
}

/** What is certain before the search is over. */
function answerSoFar({ plan, search }: Work): LadderAnswer {
  const { lowerMs, upperMs } = bracketSoFar(viewOf(plan, search));
  const outcome = upperMs !== null ? 'stalled' : lowerMs > 0 ? 'alive' : 'unmeasured';
  const by = upperMs === null ? null : 'path';
  return { kind: 'answer', lowerMs, upperMs, outcome, by, doubts: ['interrupted before its time'], conclude: [] };
}

/** Why there is no use in going on; null when there is. */
function isOutOfReach(search: Search): string | null {
  const { witness, idle, pending, openingCount, madeCount, refusal, tests } = search;
  const nowMs = performance.now();
  if (witness.failedSinceMs !== null && nowMs - witness.failedSinceMs > OUT_OF_REACH_MS)
    return 'the target went out of reach: no connection is alive, and no new one can be made';
  if (madeCount === 0 && openingCount === 0 && refusal !== null) return refusal;
  const patienceMs = tests.length === 0 ? TURNED_AWAY_ALL_MS : OUT_OF_REACH_MS;
  if (idle.size + pending.size + openingCount === 0 && nowMs - search.startedAtMs > patienceMs && refusal !== null)
    return refusal;
  return null;
}

async function locate({ plan, libc, search, signal }: Work): Promise<Dropper | null> {
  const stalled = search.dead?.connection.socket ?? null;
  const { address, target } = plan;
  if (stalled === null || descriptorOf(stalled) === null) return null;
  return locateStalled(stalled, { address, port: target.port }, libc, signal);
}

function tell({ plan, search }: Work, { now = false } = {}): void {
  if (!now && performance.now() < search.tellAtMs) return;
  search.tellAtMs = performance.now() + TELL_MS;
  const { tests, told, startedAtMs } = search;
  const { lowerMs, upperMs } = bracketSoFar(viewOf(plan, search));
  const news = tests.filter((test) => test.outcome !== 'pending' && !told.has(test));
  for (const test of news) told.add(test);
  plan.onProgress({
    elapsedMs: performance.now() - startedAtMs,
    lowerMs,
    upperMs,
    openCount: openCount(search),
    news: news.map((test) => asMeasured(test, startedAtMs)),
  });
}

function asMeasured(
  { plannedMs, outcome, atLeastMs, atMostMs, startedAtMs: atMs }: RungTest,
  startedAtMs: number,
): AgeTest {
  return {
    plannedMs,
    outcome: outcome === 'pending' ? 'unmeasured' : outcome,
    ageMs: outcome === 'alive' ? atLeastMs : atMostMs,
    atMs: atMs - startedAtMs,
  };
}

/** How long to sleep: until something is due, but no longer than a second, in which connections may end by themselves. */
function pauseMs(untilMs: number, { pending, openingCount, arm, idle }: Search): number {
  const isInquiring = pending.size > 0 || (arm.inquiry !== null && arm.lives === null);
  const nowMs = performance.now();
  const someAreYoung =
    openingCount > 0 || [...idle.values()].some(({ connection }) => nowMs - connection.openedAtMs < YOUNG_MS);
  const most = isInquiring ? PROBING_LOOK_MS : someAreYoung ? LOOK_MS.young : LOOK_MS.settling;
  return Math.max(1, Math.min(most, untilMs - performance.now()));
}

function closeAll({ idle, pending, dead, arm }: Search): void {
  for (const { connection } of [...idle.values(), ...pending.values()]) connection.socket.destroy();
  dead?.connection.socket.destroy();
  arm.connection?.socket.destroy();
}

function resultOf(
  { plan, search }: Work,
  found: Pick<MeasureResult, 'answer' | 'why' | 'dropper' | 'interrupted'>,
): MeasureResult {
  const { tests, ends, handshakes, startedAtMs, arm } = search;
  const loss = lossOf({ tests, handshakes });
  const tested = tests.map((test) => asMeasured(test, startedAtMs));
  const ended = ends.map(
    ({ idleMs, how, atMs }): AgeTest => ({ plannedMs: idleMs, outcome: how, ageMs: idleMs, atMs: atMs - startedAtMs }),
  );
  return {
    ...found,
    tests: [...tested, ...ended].sort((one, other) => one.atMs - other.atMs),
    elapsedMs: performance.now() - startedAtMs,
    connectionCount: search.openedAtMost,
    refusal: search.refusal,
    callFailures: [...search.calls.failures],
    keepaliveRefreshes: found.answer?.by === 'path' ? arm.lives : null,
    falseDeathProbability: falseStallProbability(1 - Math.sqrt(1 - loss), probesNeeded(plan, loss)),
  };
}
