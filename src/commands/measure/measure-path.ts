import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Application } from '../../connections/applications/application.ts';
import { connectAny } from '../../connections/connect.ts';
import {
  type IdleConnection,
  KEEPALIVE_OFF,
  openIdle,
  quietSince,
  startProbing,
} from '../../connections/idle-connection.ts';
import { locateStalled } from '../../connections/locate/locate-stalled.ts';
import type { Dropper } from '../../connections/observation.ts';
import { falseStallProbability, VERDICT_PROBE_COUNT } from '../../connections/survival.ts';
import type { Target } from '../../connections/target.ts';
import type { Libc } from '../../linux/libc.ts';
import { descriptorOf, writeKeepalive } from '../../linux/socket-options.ts';
import type { RequestedKeepalive } from '../../report/values.ts';
import { awaitCall, type Called, callName, type Question, startPush } from './far-end-speaks.ts';
import {
  bracketSoFar,
  type LadderAnswer,
  type LadderPlan,
  type LadderView,
  lossOf,
  nextStep,
  probesForDeath,
  type RungEnd,
  type RungTest,
  rungAges,
  type Wave,
} from './ladder.ts';
import type { MeasuredRung } from './report.ts';
import { MOST_PUSHES } from './retransmit-schedule.ts';

/** Connections that are being made at once. */
const OPENING_AT_ONCE = 32;
/**
 * Connections that are no rungs: one keeps keepalive on, one is left for telling a dead connection from a dead path, and one for having the
 * far end speak.
 */
const CONNECTIONS_BESIDE = { client: 2, server: 3 } as const;

/** How many of so many connections are rungs of the ladder. */
export function rungCount(connections: number, direction: MeasurePlan['direction']): number {
  return connections - CONNECTIONS_BESIDE[direction];
}

/** A SYN that was lost is sent again after a second. */
const SYN_REPEATED_MS = 900;
/** A connection that is closed as soon as this was turned away. */
const TURNED_AWAY_MS = 500;
/** How long nothing is opened after a failure. */
const BACK_OFF_MS = 5000;
/** How long it is tried when every connection is turned away. */
const TURNED_AWAY_ALL_MS = 2 * BACK_OFF_MS;
/** How often connections are looked at that are new, that may still meet segments sent again, and all others. */
const LOOK_MS = { young: 100, settling: 1000, settled: 5000 } as const;
const YOUNG_MS = 1000;
const SETTLING_MS = 32_000;
/** How often, while probes are under way. */
const PROBING_LOOK_MS = 25;
/** How often progress is told. */
const TELL_MS = 500;
/** How long the far end may be out of reach before the search is given up. */
const OUT_OF_REACH_MS = 30_000;
const NEVER_GIVE_UP = 127;
/** A peer that says something and closes within this time has said why it closes (PostgreSQL's FATAL, the close_notify of TLS). */
const FAREWELL_MS = 2000;
const MOST_PROBES = { client: VERDICT_PROBE_COUNT, server: MOST_PUSHES } as const;

/** What measuring needs. */
export interface MeasurePlan {
  target: Target;
  address: string;
  /** How many connections in all, and what is looked for. */
  ladder: LadderPlan;
  /** Who speaks first after the silence; `server` needs `kaprobe serve` at the far end. */
  direction: 'client' | 'server';
  /** With which to make one request first; null: none. */
  application: Application | null;
  locate: boolean;
  /** Is told what is known so far, now and then. */
  onProgress(progress: MeasureProgress): void;
}

/** What is known on the way. */
export interface MeasureProgress {
  elapsedMs: number;
  lowerMs: number;
  upperMs: number | null;
  openCount: number;
  /** Tested since the last time. */
  news: readonly MeasuredRung[];
}

/** What it came to. */
export interface MeasureResult {
  /** null: it could not be told, for the reason in `why`. */
  answer: LadderAnswer | null;
  why: string | null;
  rungs: MeasuredRung[];
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

/** A connection that idles, with the name at which the far end speaks on it; null: nobody asked it to. */
type NamedConnection = IdleConnection & { name: string | null };

/** A connection of the ladder. */
interface Held {
  id: number;
  connection: NamedConnection;
  quietSinceMs: number;
  heardAtMs: number;
  /** What the two were before the peer last sent data, at `atMs`, for the `count`th time; null when it has sent none since it was quiet. */
  spoken: (Pick<Held, 'quietSinceMs' | 'heardAtMs'> & { atMs: number; count: number }) | null;
  /** When to look at it next. */
  lookAtMs: number;
}

/** One whose probes are under way, or were. */
interface Tested extends Held {
  test: RungTest;
  probing: Question;
}

/** Everything that changes while measuring. */
interface Search {
  startedAtMs: number;
  idle: Map<number, Held>;
  pending: Map<number, Tested>;
  /** Shown to be dead, and kept open for who wants to look where. */
  dead: Tested | null;
  tests: RungTest[];
  ends: RungEnd[];
  witnessedAtMs: number[];
  handshakes: { madeCount: number; lostCount: number };
  rttMs: number;
  openingCount: number;
  madeCount: number;
  capacity: number;
  tellAtMs: number;
  /** Tests whose outcome has been told. */
  told: Set<RungTest>;
  refusal: string | null;
  backOffUntilMs: number;
  openedAtMost: number;
  witness: { underWay: boolean; failedSinceMs: number | null };
  arm: { connection: NamedConnection | null; periodMs: number; probing: Question | null; lives: boolean | null };
  /** The last of the calls to the far end, of which one is made at a time, and why some came to nothing. */
  calls: { last: Promise<unknown>; underWay: boolean; failures: Set<string> };
}

/**
 * Finds the idle timeout of the path to a target, by connections that idle side by side (see policy/ladder.ts). An abort is answered with what
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
      if (step.needsWitness) void bearWitness(work);
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

interface Work {
  plan: MeasurePlan;
  libc: Libc;
  search: Search;
  signal: AbortSignal;
}

function begin({ ladder: { connectionCount, minMs }, direction }: MeasurePlan): Search {
  const startedAtMs = performance.now();
  return {
    startedAtMs,
    idle: new Map(),
    pending: new Map(),
    dead: null,
    tests: [],
    ends: [],
    witnessedAtMs: [],
    handshakes: { madeCount: 0, lostCount: 0 },
    rttMs: 0,
    openingCount: 0,
    madeCount: 0,
    capacity: rungCount(connectionCount, direction),
    tellAtMs: startedAtMs,
    told: new Set(),
    refusal: null,
    backOffUntilMs: startedAtMs,
    openedAtMost: 0,
    witness: { underWay: false, failedSinceMs: null },
    arm: { connection: null, periodMs: Math.max(1000, Math.floor(minMs / 3000) * 1000), probing: null, lives: null },
    calls: { last: Promise.resolve(), underWay: false, failures: new Set() },
  };
}

function viewOf(
  { direction }: MeasurePlan,
  { idle, tests, ends, witnessedAtMs, handshakes, rttMs, arm }: Search,
): LadderView {
  const armEnded = arm.connection?.watch.ended() ?? null;
  return {
    nowMs: performance.now(),
    idle: [...idle.values()],
    tests,
    ends,
    witnessedAtMs,
    handshakes,
    rttMs,
    mostProbes: MOST_PROBES[direction],
    keepaliveArmLives: arm.connection === null ? null : armEnded === null,
  };
}

const keepaliveEvery = (periodMs: number): RequestedKeepalive => ({
  enabled: true,
  idleMs: periodMs,
  intervalMs: periodMs,
  count: NEVER_GIVE_UP,
  userTimeoutMs: 0,
});

/** Opens a connection that is going to idle, on which in the server's direction the far end will speak when it is called. */
async function open(keepalive: RequestedKeepalive, { plan, libc, signal }: Work): Promise<NamedConnection | string> {
  const connection = await openIdle({ ...plan, keepalive, libc, signal });
  if (typeof connection === 'string') return connection;
  return { ...connection, name: plan.direction === 'server' ? await awaitCall(connection, libc, signal) : null };
}

/** Puts the question to a connection; null when it is over. */
function ask(connection: NamedConnection, work: Work): Question | null {
  const { libc } = work;
  const { name } = connection;
  return name === null ? startProbing(connection, libc) : startPush(connection, { called: call(name, work), libc });
}

/** Has the far end speak, when those that were to be called before have been. */
function call(name: string, { plan, libc, search, signal }: Work): Promise<Called> {
  const { calls } = search;
  const next = async (): Promise<Called> => {
    calls.underWay = true;
    const called = await callName(name, { ...plan, libc, signal }).finally(() => {
      calls.underWay = false;
    });
    if (called.kind === 'spoken') search.witnessedAtMs.push(called.atMs);
    else calls.failures.add(called.reason);
    return called;
  };
  const called = calls.last.then(next);
  calls.last = called.catch(() => {}); // aborted
  return called;
}

async function openArm(work: Work): Promise<void> {
  const { search } = work;
  const connection = await open(keepaliveEvery(search.arm.periodMs), work);
  if (typeof connection === 'string') search.refusal = connection;
  else search.arm.connection = connection;
}

/** Lets its probes go less often as it gets clear that the path holds longer. */
function tuneArm({ libc, search }: Work): void {
  const { arm } = search;
  const fd = arm.connection === null || arm.probing !== null ? null : descriptorOf(arm.connection.socket);
  const held = Math.max(0, ...search.tests.map(({ outcome, atLeastMs }) => (outcome === 'alive' ? atLeastMs : 0)));
  const periodMs = Math.floor(held / 3000) * 1000;
  if (fd === null || periodMs < 2 * arm.periodMs) return;
  arm.periodMs = periodMs;
  writeKeepalive(libc, fd, keepaliveEvery(periodMs));
}

/** Takes in what has become of all connections. */
function lookAround(work: Work): void {
  const { libc, search } = work;
  const { idle, pending, witnessedAtMs } = search;
  for (const held of idle.values()) {
    if (held.connection.watch.ended() === null) {
      if (performance.now() < held.lookAtMs) continue;
      held.lookAtMs = nextLookMs(held.connection);
    }
    const { quietSinceMs, heardAtMs } = held;
    const { dataSegmentCount } = held.connection.traffic;
    const quiet = quietSince(held.connection, libc);
    if (quiet !== null) {
      const { spoken } = held;
      const speaks = held.connection.traffic.dataSegmentCount > dataSegmentCount;
      if (speaks && (spoken === null || quiet.heardAtMs - spoken.atMs >= FAREWELL_MS))
        held.spoken = { quietSinceMs, heardAtMs, atMs: quiet.heardAtMs, count: (spoken?.count ?? 0) + 1 };
      held.quietSinceMs = Math.max(held.quietSinceMs, quiet.sinceMs);
      held.heardAtMs = quiet.heardAtMs;
    } else if (noteEnd(held, work)) idle.delete(held.id);
  }
  for (const tested of pending.values()) {
    const { test, probing, connection, id } = tested;
    const look = probing.look();
    test.atMostMs = Math.max(test.atLeastMs, probing.idleAtMostMs());
    const nowMs = performance.now();
    if (look.kind === 'gone') {
      const ended = connection.watch.ended();
      if (ended === null && nowMs - test.lastProbeAtMs < 2000) continue; // its event is on the way
      pending.delete(id);
      test.outcome = ended === null ? 'unmeasured' : ended.kind === 'reset' ? 'reset' : 'unmeasured';
      if (ended?.kind === 'closed') noteEnd(tested, work);
      connection.socket.destroy();
    } else if (look.kind === 'void') {
      pending.delete(id);
      test.outcome = 'unmeasured';
      connection.socket.destroy();
    } else if (look.kind === 'answered') {
      pending.delete(id);
      test.outcome = 'alive';
      test.unansweredCount = look.lostCount;
      witnessedAtMs.push(nowMs);
      connection.socket.destroy();
    } else if (look.probeCount > test.unansweredCount) {
      test.unansweredCount = look.probeCount;
      test.lastProbeAtMs = nowMs;
    }
  }
  search.openedAtMost = Math.max(search.openedAtMost, openCount(search));
  lookAtArm(work);
}

function lookAtArm({ plan, search }: Work): void {
  const { arm, tests } = search;
  if (arm.probing === null || arm.lives !== null) return;
  const look = arm.probing.look();
  if (look.kind === 'answered') {
    arm.lives = true;
    search.witnessedAtMs.push(performance.now());
  } else if (look.kind === 'gone') arm.lives = false;
  else if (look.kind === 'void') arm.probing = null;
  else if (look.probeCount > probesNeeded(plan, lossOf({ tests, handshakes: search.handshakes }))) arm.lives = false;
}

function probesNeeded({ direction }: MeasurePlan, loss: number): number {
  return probesForDeath(loss, MOST_PROBES[direction]);
}

/** Notes how a connection ended by itself; false while that is not known yet. */
function noteEnd(held: Held, work: Work): boolean {
  const { search } = work;
  const { connection, spoken } = held;
  const ended = connection.watch.ended();
  if (ended === null) return connection.socket.destroyed;
  const endedAtMs = connection.openedAtMs + ended.afterMs;
  const farewell = spoken !== null && endedAtMs - spoken.atMs < FAREWELL_MS ? spoken : null;
  if (spoken !== null && spoken.count > 1) {
    // Its last word need not be why it closes, and may not have been seen: how long it was idle is not known.
    connection.socket.destroy();
    refuse(work, 'the peer keeps sending: its connections are not idle when it ends them');
    return true;
  }
  const { quietSinceMs, heardAtMs } = farewell ?? held;
  const atMs = farewell?.atMs ?? endedAtMs;
  connection.socket.destroy();
  if (ended.kind === 'failed') return true;
  if (ended.afterMs < TURNED_AWAY_MS) {
    refuse(work, `the peer ${ended.kind === 'closed' ? 'closes' : 'resets'} further connections at once`);
    return true;
  }
  search.ends.push({
    atLeastMs: Math.max(0, atMs - quietSinceMs),
    idleMs: Math.max(0, atMs - heardAtMs),
    how: ended.kind,
    atMs,
  });
  return true;
}

/** Goes on with as many connections as there are, less those that are needed beside them now and then. */
function refuse({ search, plan }: Work, why: string): void {
  const { idle, pending, openingCount } = search;
  const spareCount = CONNECTIONS_BESIDE[plan.direction] - 1; // the one with keepalive is open
  search.refusal = why;
  search.capacity = Math.max(1, idle.size + pending.size + openingCount - spareCount);
  search.backOffUntilMs = performance.now() + BACK_OFF_MS;
}

/** Closes the youngest of those that are too many since some were refused. */
function makeRoom({ idle, pending, openingCount, capacity }: Search): void {
  const excess = openingCount > 0 ? 0 : Math.min(idle.size - 1, idle.size + pending.size - capacity);
  for (const held of [...idle.values()].slice(idle.size - Math.max(0, excess))) {
    held.connection.socket.destroy();
    idle.delete(held.id);
  }
}

function openCount({ idle, pending, dead, arm, openingCount, witness, calls }: Search): number {
  return (
    idle.size +
    pending.size +
    (dead === null ? 0 : 1) +
    (arm.connection === null ? 0 : 1) +
    openingCount +
    (witness.underWay ? 1 : 0) +
    (calls.underWay ? 1 : 0)
  );
}

/** Opens connections until there are as many as there may be. */
function fill(work: Work): void {
  const { search } = work;
  makeRoom(search);
  if (performance.now() < search.backOffUntilMs) return;
  const held = search.idle.size + search.pending.size + (search.dead === null ? 0 : 1);
  const room = Math.min(search.capacity - held, OPENING_AT_ONCE) - search.openingCount;
  for (let count = 0; count < room; count += 1) void openRung(work);
}

async function openRung(work: Work): Promise<void> {
  const { libc, search, signal } = work;
  search.openingCount += 1;
  try {
    const connection = await open(KEEPALIVE_OFF, work);
    search.openingCount -= 1;
    if (typeof connection === 'string') return refuse(work, connection);
    if (signal.aborted) {
      connection.socket.destroy();
      return;
    }
    search.madeCount += 1;
    search.handshakes.madeCount += 1;
    search.handshakes.lostCount += connection.connectMs > SYN_REPEATED_MS ? 1 : 0;
    search.rttMs = Math.max(search.rttMs, Math.min(connection.connectMs, SYN_REPEATED_MS));
    search.witnessedAtMs.push(connection.openedAtMs);
    const { sinceMs: quietSinceMs, heardAtMs } = quietSince(connection, libc) ?? {
      sinceMs: connection.openedAtMs,
      heardAtMs: connection.openedAtMs,
    };
    const lookAtMs = nextLookMs(connection);
    const id = search.madeCount;
    search.idle.set(id, { id, connection, quietSinceMs, heardAtMs, spoken: null, lookAtMs });
  } catch (error) {
    if (!signal.aborted) {
      search.openingCount -= 1;
      refuse(work, error instanceof Error ? error.message : 'could not connect');
    }
  }
}

function startTest(id: number, plannedMs: number, work: Work): void {
  const { search } = work;
  const held = search.idle.get(id);
  if (held === undefined) return;
  const probing = ask(held.connection, work);
  if (probing === null) return; // the next look notes its end
  const test: RungTest = {
    id,
    plannedMs,
    atLeastMs: probing.idleAtLeastMs,
    atMostMs: Math.max(probing.idleAtLeastMs, probing.idleAtMostMs()),
    startedAtMs: probing.startedAtMs,
    unansweredCount: 0,
    lastProbeAtMs: probing.startedAtMs,
    outcome: 'pending',
  };
  search.idle.delete(id);
  search.tests.push(test);
  search.pending.set(id, { ...held, test, probing });
}

function conclude(ids: readonly number[], search: Search): void {
  for (const id of ids) {
    const tested = search.pending.get(id);
    if (tested === undefined) continue;
    tested.test.outcome = 'stalled';
    search.pending.delete(id);
    if (search.dead === null) search.dead = tested;
    else tested.connection.socket.destroy();
  }
}

/** Makes a connection of its own, to see whether the far end can be reached at all. */
async function bearWitness(work: Work): Promise<void> {
  const { plan, search, signal } = work;
  const { witness, arm } = search;
  // A name can be called once, which is left for the end.
  if (arm.connection?.name === null && arm.probing === null) arm.probing = ask(arm.connection, work);
  if (witness.underWay) return;
  witness.underWay = true;
  try {
    const { socket } = await connectAny([plan.address], plan.target.port, { timeoutMs: 3500, signal });
    const nowMs = performance.now();
    if (socket === null) witness.failedSinceMs ??= nowMs;
    else {
      witness.failedSinceMs = null;
      search.witnessedAtMs.push(nowMs);
      socket.destroy();
    }
  } catch {
    // aborted
  } finally {
    witness.underWay = false;
  }
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

/** Finds out whether the connection with keepalive is alive at the end, when it has not been asked since then. */
async function askArm(work: Work): Promise<void> {
  const { search, signal } = work;
  const { arm, tests } = search;
  if (arm.connection === null) return;
  if (arm.connection.watch.ended() !== null) {
    arm.lives = false;
    return;
  }
  const died = tests.filter(({ outcome }) => outcome === 'stalled' || outcome === 'reset');
  if (died.length === 0) return;
  const firstMs = Math.min(...died.map(({ startedAtMs }) => startedAtMs));
  if (arm.probing === null || arm.probing.startedAtMs < firstMs) {
    arm.lives = null;
    arm.probing = ask(arm.connection, work);
  }
  while (arm.lives === null && arm.probing !== null) {
    lookAtArm(work);
    await sleep(PROBING_LOOK_MS, undefined, { signal });
  }
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
): MeasuredRung {
  return {
    plannedMs,
    outcome: outcome === 'pending' ? 'unmeasured' : outcome,
    idleMs: outcome === 'alive' ? atLeastMs : atMostMs,
    atMs: atMs - startedAtMs,
  };
}

/** When to look at a connection again: soon while its handshake may still have to be repeated, seldom later. */
function nextLookMs({ openedAtMs }: IdleConnection): number {
  const nowMs = performance.now();
  const age = nowMs - openedAtMs;
  return nowMs + (age < YOUNG_MS ? LOOK_MS.young : age < SETTLING_MS ? LOOK_MS.settling : LOOK_MS.settled);
}

/** How long to sleep: until something is due, but no longer than a second, in which connections may end by themselves. */
function pauseMs(untilMs: number, { pending, openingCount, arm, idle }: Search): number {
  const probing = pending.size > 0 || (arm.probing !== null && arm.lives === null);
  const nowMs = performance.now();
  const someAreYoung =
    openingCount > 0 || [...idle.values()].some(({ connection }) => nowMs - connection.openedAtMs < YOUNG_MS);
  const most = probing ? PROBING_LOOK_MS : someAreYoung ? LOOK_MS.young : LOOK_MS.settling;
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
    ({ idleMs, how, atMs }): MeasuredRung => ({
      plannedMs: idleMs,
      outcome: how,
      idleMs,
      atMs: atMs - startedAtMs,
    }),
  );
  return {
    ...found,
    rungs: [...tested, ...ended].sort((one, other) => one.atMs - other.atMs),
    elapsedMs: performance.now() - startedAtMs,
    connectionCount: search.openedAtMost,
    refusal: search.refusal,
    callFailures: [...search.calls.failures],
    keepaliveRefreshes: found.answer?.by === 'path' ? arm.lives : null,
    falseDeathProbability: falseStallProbability(1 - Math.sqrt(1 - loss), probesNeeded(plan, loss)),
  };
}
