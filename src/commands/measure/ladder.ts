/**
 * Which connection to test next, to find out after how long a path forgets an idle one. All connections are opened at once; each is tested
 * when it has idled for as long as its rung says, and one that lives is replaced by a new one, which is the oldest again when later rungs
 * are due. So N rungs a factor r apart reach as far as anybody waits, at a cost of at most r · g / (g − 1) times the timeout, g = r^N, and
 * when the first rung is dead, the connections opened since hold ages all through the gap below it.
 */

import { formatDuration } from '../../base/units.ts';
import type { SurvivalOutcome } from '../../connections/observation.ts';
import { VERDICT_PROBE_INTERVAL_MS } from '../../connections/survival.ts';

/** What is looked for, and with what. */
export interface LadderPlan {
  /** The shortest and the longest idle time of interest. */
  minMs: number;
  maxMs: number;
  /** How narrow the answer has to be: this share of the timeout, but no less than that. */
  resolution: { share: number; floorMs: number };
  /** Connections that may idle side by side. */
  connectionCount: number;
  /** Idle timeouts that are likelier than others, the likeliest first. */
  likelyMs: readonly number[];
}

/** A connection that idles. Times are on one monotonic clock. */
export interface IdleRung {
  id: number;
  /** When a segment last went either way; no earlier than that. */
  quietSinceMs: number;
}

/** A connection under test, or after it. */
export interface RungTest {
  id: number;
  plannedMs: number;
  /** For how long it had been idle when the first probe left: no less than `atLeastMs` and no more than `atMostMs`. */
  atLeastMs: number;
  atMostMs: number;
  startedAtMs: number;
  /** Probes that have drawn no answer; for one that lives, those before the one that did. */
  unansweredCount: number;
  lastProbeAtMs: number;
  outcome: 'pending' | SurvivalOutcome;
}

/** An idle connection that ended by itself. */
export interface RungEnd {
  /** How long nothing had gone either way, at the least. */
  atLeastMs: number;
  /** How long the peer had not been heard: by its own timer, it was idle for that long. */
  idleMs: number;
  how: 'closed' | 'reset';
  atMs: number;
}

/** All that has been seen. */
export interface LadderView {
  nowMs: number;
  idle: readonly IdleRung[];
  tests: readonly RungTest[];
  ends: readonly RungEnd[];
  /** When anything came back from the far end, in order: answers to probes, new connections. */
  witnessedAtMs: readonly number[];
  /** Connections made, and how many SYNs or SYN-ACKs were lost for it: with the tests, what the path loses. */
  handshakes: { madeCount: number; lostCount: number };
  /** What probes take there and back. */
  rttMs: number;
  /** Probes that prove a death, whatever the path is seen to lose. */
  mostProbes: number;
  /** Whether the connection on which keepalive is on lives; null: there is none, or nobody looked. */
  keepaliveArmLives: boolean | null;
}

/** Connections that are to be tested at a given age, to narrow the bracket. */
export type Wave = readonly { id: number; ageMs: number }[];

/** What to do now. */
export interface LadderStep {
  kind: 'go-on';
  test: readonly { id: number; plannedMs: number }[];
  /** Tests that are decided: these connections are dead. */
  conclude: readonly number[];
  /** Whether it needs a new connection to tell dead connections from a dead path. */
  needsWitness: boolean;
  /** When to ask again, unless something happens before. */
  untilMs: number;
  /** To be handed back at the next call. */
  wave: Wave;
}

/** What came out. */
export interface LadderAnswer {
  kind: 'answer';
  /** Every connection idle for this long was alive. */
  lowerMs: number;
  /** A connection idle for this long was dead; null: none was. */
  upperMs: number | null;
  outcome: SurvivalOutcome;
  /** Who ended them; null: nobody. */
  by: 'path' | 'peer' | null;
  /** What blurs it, in sentences without a full stop. */
  doubts: string[];
  /** Tests that it takes for dead, though nothing came back that says so. */
  conclude: readonly number[];
}

/** The chance, by what the path is seen to lose, up to which a living connection may be called dead. */
const FALSE_DEATH = 1e-6;
/** The chance up to which the search is narrowed on a suspicion. */
const FALSE_SUSPICION = 0.03;
const FEWEST_PROBES = 4;
/** As evidence of what probes meet, handshakes are no more than a beginning. */
const MOST_HANDSHAKES = 16;
/** How long a probe's answer may take at the least before the probe counts. */
const PATIENCE_MS = 600;
const SUSPICION_MS = 250;
/** How much later than planned a test may be before its rung is another one. */
const LATE_MS = 20;
/** How soon to ask again while an answer may come at any moment. */
const LOOK_MS = 25;
/** Ages this close to each other are no contradiction: clocks tick, boxes too. */
const TICKS_MS = 60;
/** Connections that idle differently long end within this time of each other when one timer ends them. */
const END_SPREAD_MS = 700;
/** Connections of a suitable age that are tested side by side. */
const AT_ONCE = 3;
/** Answers at a greater age that make a death an exception. */
const CONTRADICTIONS = 3;
/** What the wait for silence may take beyond the longest idle time. */
const PATIENCE_SHARE = 1.7;

/** How narrow the answer has to be for a timeout of that length. */
export function goalMs({ resolution }: LadderPlan, timeoutMs: number): number {
  return Math.max(resolution.floorMs, resolution.share * timeoutMs);
}

/** The factor between rungs that makes the whole search cheapest for so many connections, and what it costs in units of the timeout. */
export function cheapestRatio(connectionCount: number): { ratio: number; cost: number } {
  let best = { ratio: 2, cost: Number.POSITIVE_INFINITY };
  for (let ratio = 1.005; ratio < 3; ratio *= 1.003) {
    const growth = ratio ** connectionCount;
    const cost = (ratio * growth) / (growth - 1);
    if (cost < best.cost) best = { ratio, cost };
  }
  return best;
}

/**
 * The ages at which connections are tested, from the shortest to the longest: as close as the answer has to be as long as half the
 * connections last, then by the cheapest factor; and beside each likely timeout one just below and one just above.
 */
export function rungAges(plan: LadderPlan): number[] {
  const { minMs, maxMs, connectionCount, likelyMs } = plan;
  const { ratio } = cheapestRatio(connectionCount);
  const ages: number[] = [];
  for (let age = minMs; age < maxMs; ) {
    ages.push(age);
    const fine = 0.9 * goalMs(plan, age);
    age += ages.length <= connectionCount / 2 ? fine : Math.max(fine, age * (ratio - 1));
  }
  ages.push(maxMs);
  return likelyMs.slice(0, Math.floor(connectionCount / 8)).reduce((all, likely) => besides(all, likely, plan), ages);
}

function besides(ages: readonly number[], likely: number, plan: LadderPlan): number[] {
  const width = 0.9 * goalMs(plan, likely);
  const [below, above] = [likely - 0.4 * width, likely + 0.6 * width];
  if (below <= plan.minMs || above >= plan.maxMs) return [...ages];
  const next = ages.findIndex((age) => age > above);
  const room = 0.2 * ((ages[next] ?? above) - (ages[next - 1] ?? below));
  const [first = below, last = above] = [ages[0], ages.at(-1)];
  const kept = ages.filter((age) => age < below - room || age > above + room || age === first || age === last);
  return [...kept, below, above].sort((one, other) => one - other);
}

/** The share of probes that stay unanswered on living connections, by what was lost so far; never 0, for want of evidence. */
export function lossOf({ tests, handshakes }: Pick<LadderView, 'tests' | 'handshakes'>): number {
  const answered = tests.filter(({ outcome }) => outcome === 'alive');
  const lost = answered.reduce((sum, { unansweredCount }) => sum + unansweredCount, handshakes.lostCount);
  const made = Math.min(MOST_HANDSHAKES, handshakes.madeCount);
  return (lost + 1) / (answered.length + made + lost + 2);
}

/** How many probes in a row must stay unanswered before a connection is dead, at that loss: `mostProbes` at the most. */
export function probesForDeath(loss: number, mostProbes: number): number {
  return Math.min(mostProbes, Math.max(FEWEST_PROBES, Math.ceil(Math.log(FALSE_DEATH) / Math.log(loss))));
}

type Standing = 'alive' | 'dead' | 'suspect' | 'open' | 'void';

/** The tests by what they amount to so far, each list in their order. */
function byStanding(view: LadderView): Record<Standing, RungTest[]> {
  const loss = lossOf(view);
  const tests: Record<Standing, RungTest[]> = { alive: [], dead: [], suspect: [], open: [], void: [] };
  for (const test of view.tests) tests[standingOf(test, view, loss)].push(test);
  return tests;
}

/** What a test amounts to so far. */
function standingOf(test: RungTest, view: LadderView, loss: number): Standing {
  if (test.outcome === 'alive') return 'alive';
  if (test.outcome === 'unmeasured') return 'void';
  if (test.outcome !== 'pending') return 'dead';
  const { unansweredCount, lastProbeAtMs } = test;
  const waitedMs = view.nowMs - lastProbeAtMs;
  const shortMs = Math.max(0, Math.max(PATIENCE_MS, 4 * view.rttMs) - waitedMs);
  const underWayCount = Math.ceil(shortMs / VERDICT_PROBE_INTERVAL_MS);
  const overdueSinceMs = lastProbeAtMs - underWayCount * VERDICT_PROBE_INTERVAL_MS;
  if (
    unansweredCount - underWayCount >= probesForDeath(loss, view.mostProbes) &&
    isWitnessed(test, overdueSinceMs, view)
  )
    return 'dead';
  const suspicious = Math.max(1, Math.ceil(Math.log(FALSE_SUSPICION) / Math.log(loss)));
  const waitsLong = waitedMs >= Math.max(SUSPICION_MS, 3 * view.rttMs);
  return unansweredCount > suspicious || (unansweredCount === suspicious && waitsLong) ? 'suspect' : 'open';
}

/** Whether something came back from the far end before the last probe whose answer is overdue: then it is not the path that is dead. */
function isWitnessed({ startedAtMs }: RungTest, overdueSinceMs: number, { witnessedAtMs }: LadderView): boolean {
  return witnessedAtMs.some((atMs) => atMs > startedAtMs && atMs < overdueSinceMs);
}

/** Between which ages the timeout lies by the tests given. */
interface Bracket {
  /** 0 when nothing was seen alive. */
  lowerMs: number;
  upperMs: number | null;
  /** Tests on the wrong side of it. */
  exceptions: RungTest[];
  /** Fewest tests that speak against one of them; Infinity without exceptions. */
  contradictionCount: number;
}

const NO_BRACKET: Bracket = { lowerMs: 0, upperMs: null, exceptions: [], contradictionCount: Number.POSITIVE_INFINITY };

/** The bracket with the fewest exceptions; of several the latest, since a living connection proves more than a silent one. */
function bracketOf(alive: readonly RungTest[], dead: readonly RungTest[]): Bracket {
  // Typed arrays sort numbers without calling back: this is asked anew every few milliseconds.
  const lives = new Float64Array(alive.map(({ atLeastMs }) => atLeastMs)).sort();
  const deaths = new Float64Array(dead.map(({ atMostMs }) => atMostMs + TICKS_MS)).sort();
  let best = { lowerMs: 0, exceptionCount: lives.length };
  let deathCount = 0;
  lives.forEach((lowerMs, index) => {
    while ((deaths[deathCount] ?? Number.POSITIVE_INFINITY) <= lowerMs) deathCount += 1;
    const exceptionCount = deathCount + lives.length - index - 1;
    if (exceptionCount <= best.exceptionCount) best = { lowerMs, exceptionCount };
  });
  const { lowerMs } = best;
  const upper = deaths.find((age) => age > lowerMs);
  const upperMs = upper === undefined ? null : upper - TICKS_MS;
  const early = dead.filter(({ atMostMs }) => atMostMs + TICKS_MS <= lowerMs);
  const late = alive.filter(({ atLeastMs }) => atLeastMs > lowerMs);
  const contradictions = [
    ...early.map((test) => lives.filter((age) => age >= test.atMostMs).length),
    ...late.map((test) => deaths.filter((age) => age <= test.atLeastMs).length),
  ];
  return {
    lowerMs: upperMs === null ? lowerMs : Math.min(lowerMs, upperMs),
    upperMs: upperMs === null ? null : Math.max(lowerMs, upperMs),
    exceptions: [...early, ...late],
    contradictionCount: Math.min(...contradictions),
  };
}

/** The bracket by what is certain: for an answer that is asked for before its time. */
export function bracketSoFar(view: LadderView): Pick<LadderAnswer, 'lowerMs' | 'upperMs'> {
  const { alive, dead } = byStanding(view);
  const { lowerMs, upperMs } = bracketOf(alive, dead);
  return { lowerMs, upperMs };
}

/** Decides what to do next, or the answer. `ages` are the plan's `rungAges`, `wave` what the last call handed out. */
export function nextStep(
  plan: LadderPlan,
  ages: readonly number[],
  view: LadderView,
  wave: Wave,
): LadderStep | LadderAnswer {
  const ended = endedByItself(view);
  if (ended !== null) return ended === 'unclear' ? goOn(view, { untilMs: view.nowMs + 50, wave }) : ended;

  const tests = byStanding(view);
  const { alive, dead, suspect, open } = tests;
  const conclude = dead.filter(({ outcome }) => outcome === 'pending').map(({ id }) => id);
  const needsWitness = suspect.some((test) => !view.witnessedAtMs.some((atMs) => atMs > test.startedAtMs));
  const pending = suspect.length + open.length > 0;
  const busy = { conclude, needsWitness };

  if (dead.length + suspect.length === 0) {
    const sure = { ...NO_BRACKET, lowerMs: Math.max(0, ...alive.map(({ atLeastMs }) => atLeastMs)) };
    return climb(plan, ages, view, { ...busy, pending, sure, settled: open.length === 0, alive, dead });
  }
  const sure = bracketOf(alive, dead);
  const { lowerMs, upperMs } = suspect.length === 0 ? sure : bracketOf(alive, [...dead, ...suspect]);
  const undecided = [...open, ...suspect].filter(({ atMostMs }) => upperMs === null || atMostMs <= upperMs);

  const second = upperMs === null ? null : corroborator(view, tests, upperMs);
  if (second !== null) return goOn(view, { ...busy, test: [second], wave });
  if (upperMs !== null && upperMs - lowerMs > goalMs(plan, upperMs)) {
    const live = stillUseful(wave, view, lowerMs, upperMs);
    const waiting = open.some(({ atMostMs }) => atMostMs > lowerMs && atMostMs < upperMs);
    const next = live.length > 0 || waiting ? live : nextWave(plan, view, lowerMs, upperMs);
    if (next.length > 0 || waiting) return walk(next, view, { ...busy, pending });
  }
  const seconded = dead.length + suspect.length > 1 || !open.some(({ atMostMs }) => atMostMs > (upperMs ?? 0));
  const settled = (undecided.length === 0 && seconded) || undecided.every(({ atMostMs }) => atMostMs <= sure.lowerMs);
  if (sure.upperMs !== null && sure.upperMs === upperMs && settled) {
    const rest = wave.filter(({ id }) => view.idle.some((rung) => rung.id === id));
    const again = rest.length > 0 ? rest : retests(sure, view);
    if (again.length > 0) return walk(again, view, { ...busy, pending });
    const silent = [...dead, ...suspect].filter(
      ({ outcome, atMostMs }) => outcome === 'pending' && atMostMs >= (sure.upperMs ?? 0),
    );
    return conclusion(plan, sure, alive, dead, { ...view, conclude: silent.map(({ id }) => id) });
  }
  if (sure.upperMs !== null) return goOn(view, { ...busy, wave });
  return climb(plan, ages, view, { ...busy, pending, sure, settled, alive, dead });
}

/**
 * An idle connection that is as old as the youngest dead one or older: if that died for want of luck, this one answers at once. null: one
 * has been asked already, or there is none.
 */
function corroborator(
  { idle, nowMs }: LadderView,
  { dead, suspect, open, void: lost }: Readonly<Record<Standing, readonly RungTest[]>>,
  upperMs: number,
): { id: number; plannedMs: number } | null {
  const asked = [...dead, ...suspect, ...open, ...lost].filter(({ atMostMs }) => atMostMs >= upperMs);
  const rung = idle.find(({ quietSinceMs }) => nowMs - quietSinceMs >= upperMs);
  return asked.length > 1 || rung === undefined ? null : { id: rung.id, plannedMs: nowMs - rung.quietSinceMs };
}

/** The next rung of the ladder, with the connection that has idled longest. */
function climb(
  plan: LadderPlan,
  ages: readonly number[],
  view: LadderView,
  {
    pending,
    sure,
    settled,
    alive,
    dead,
    ...busy
  }: Pick<LadderStep, 'conclude' | 'needsWitness'> & {
    pending: boolean;
    sure: Bracket;
    settled: boolean;
    alive: readonly RungTest[];
    dead: readonly RungTest[];
  },
): LadderStep | LadderAnswer {
  const soonMs = view.nowMs + (pending ? LOOK_MS : 1000);
  const reached = view.tests.reduce((most, { plannedMs }) => Math.max(most, plannedMs), 0);
  const plannedMs = ages.find((age) => age > reached);
  if (plannedMs === undefined || view.nowMs > plan.maxMs * PATIENCE_SHARE + 60_000) {
    if (!settled) return goOn(view, { ...busy, untilMs: view.nowMs + LOOK_MS });
    const { lowerMs, upperMs, exceptions } = sure;
    const { conclude } = busy;
    if (exceptions.length > 0 && !areOutvoted(sure, view))
      return conclusion(plan, sure, alive, dead, { ...view, conclude });
    const doubts = exceptions.length === 0 ? [] : [exceptionally(exceptions.length, view.tests.length)];
    return { kind: 'answer', lowerMs, upperMs, outcome: 'alive', by: null, doubts, conclude };
  }
  const oldest = view.idle.reduce<IdleRung | null>(
    (first, rung) => (first === null || rung.quietSinceMs < first.quietSinceMs ? rung : first),
    null,
  );
  if (oldest === null) return goOn(view, { ...busy, untilMs: soonMs });
  const dueMs = oldest.quietSinceMs + plannedMs;
  if (dueMs > view.nowMs) return goOn(view, { ...busy, untilMs: Math.min(dueMs, pending ? soonMs : dueMs) });
  // One that is late already has passed rungs by: it is tested as the one that it has become.
  const age = view.nowMs - oldest.quietSinceMs;
  const become = age > plannedMs + LATE_MS ? Math.max(plannedMs, ages.findLast((each) => each <= age) ?? 0) : plannedMs;
  return goOn(view, { ...busy, test: [{ id: oldest.id, plannedMs: become }], untilMs: view.nowMs + LOOK_MS });
}

/** The members of a wave whose age still lies within the bracket and whose connection idles. */
function stillUseful(wave: Wave, { idle }: LadderView, lowerMs: number, upperMs: number): Wave {
  return wave.filter(({ id, ageMs }) => ageMs > lowerMs && ageMs < upperMs && idle.some((rung) => rung.id === id));
}

/** Connections to test at ages within the bracket: at once if there are any so old, else as soon as they are. */
function nextWave(plan: LadderPlan, { idle, nowMs }: LadderView, lowerMs: number, upperMs: number): Wave {
  const stepMs = 0.9 * goalMs(plan, upperMs);
  const edgeMs = Math.min(0.15 * (upperMs - lowerMs), 0.5 * stepMs);
  const byAge = idle
    .map(({ id, quietSinceMs }) => ({ id, ageMs: nowMs - quietSinceMs }))
    .sort((one, other) => one.ageMs - other.ageMs);
  const within = byAge.filter(({ ageMs }) => ageMs > lowerMs + edgeMs && ageMs < upperMs - edgeMs);
  const atOnce = thinned(within, stepMs, lowerMs);
  if (atOnce.length > 0) return someOf(atOnce);
  const younger = byAge.filter(({ ageMs }) => ageMs <= lowerMs + edgeMs).reverse();
  return soonest(
    younger.map(({ id, ageMs }) => ({ id, openedMs: nowMs - ageMs })),
    { lowerMs, upperMs, stepMs },
  );
}

/**
 * Connections that have to wait until they are old enough: as many side by side as bring the end nearest, if each further halving of what
 * is left then takes the next one. The oldest takes the greatest age.
 */
function soonest(
  oldestFirst: readonly { id: number; openedMs: number }[],
  { lowerMs, upperMs, stepMs }: { lowerMs: number; upperMs: number; stepMs: number },
): Wave {
  const widthMs = upperMs - lowerMs;
  let best: { wave: Wave; endMs: number } = { wave: [], endMs: Number.POSITIVE_INFINITY };
  const most = Math.min(oldestFirst.length, Math.ceil(widthMs / stepMs) - 1);
  for (let count = 1; count <= most; count += 1) {
    const members = oldestFirst.slice(0, count).map(({ id, openedMs }, index) => {
      const ageMs = upperMs - ((index + 1) * widthMs) / (count + 1);
      return { id, ageMs, dueMs: openedMs + ageMs };
    });
    const halvings = Math.max(0, Math.ceil(Math.log2(widthMs / (count + 1) / stepMs)));
    const last = oldestFirst[count + halvings - 1] ?? oldestFirst.at(-1);
    const restMs = halvings === 0 || last === undefined ? 0 : last.openedMs + (lowerMs + upperMs) / 2;
    const endMs = Math.max(restMs, ...members.map(({ dueMs }) => dueMs));
    if (endMs < best.endMs) best = { wave: members.map(({ id, ageMs }) => ({ id, ageMs })), endMs };
  }
  return best.wave;
}

/** As few of them as leave no greater gaps than all of them would, but for gaps that are narrow enough. */
function thinned(within: Wave, stepMs: number, lowerMs: number): Wave {
  const kept: { id: number; ageMs: number }[] = [];
  let reached = lowerMs;
  for (const [index, rung] of within.entries()) {
    const next = within[index + 1];
    if (next !== undefined && next.ageMs - reached <= stepMs) continue;
    kept.push(rung);
    reached = rung.ageMs;
  }
  return kept;
}

/** A few of them, evenly spread: an answer takes no time beside the timeout, and those that are left alone stay old. */
function someOf(wave: Wave): Wave {
  if (wave.length <= AT_ONCE) return wave;
  const spacing = (wave.length + 1) / (AT_ONCE + 1);
  return Array.from({ length: AT_ONCE }, (_, index) => wave[Math.round((index + 1) * spacing) - 1]).filter(
    (rung) => rung !== undefined,
  );
}

/** More connections at the age of a death that too few living ones contradict. */
function retests({ exceptions, contradictionCount }: Bracket, view: LadderView): Wave {
  const odd = exceptions.find(({ outcome }) => outcome !== 'alive');
  if (odd === undefined || contradictionCount >= CONTRADICTIONS) return [];
  const near = view.tests.filter(({ plannedMs }) => Math.abs(plannedMs - odd.plannedMs) < 1).length;
  if (near > CONTRADICTIONS) return [];
  return view.idle
    .filter(({ quietSinceMs }) => view.nowMs - quietSinceMs <= odd.plannedMs)
    .sort((one, other) => one.quietSinceMs - other.quietSinceMs)
    .slice(0, CONTRADICTIONS + 1 - near)
    .map(({ id }) => ({ id, ageMs: odd.plannedMs }));
}

/** Tests those members of the wave whose age has come. */
function walk(
  wave: Wave,
  view: LadderView,
  { pending, ...busy }: Pick<LadderStep, 'conclude' | 'needsWitness'> & { pending: boolean },
): LadderStep {
  const quietSince = new Map(view.idle.map(({ id, quietSinceMs }) => [id, quietSinceMs]));
  const dated = wave.map(({ id, ageMs }) => ({ id, ageMs, dueMs: (quietSince.get(id) ?? view.nowMs) + ageMs }));
  const due = dated.filter(({ dueMs }) => dueMs <= view.nowMs);
  const later = dated.filter(({ dueMs }) => dueMs > view.nowMs);
  const test = due.map(({ id, ageMs }) => ({ id, plannedMs: ageMs }));
  const soonMs = pending || due.length > 0 ? view.nowMs + LOOK_MS : Number.POSITIVE_INFINITY;
  const untilMs = Math.min(soonMs, ...later.map(({ dueMs }) => dueMs));
  return goOn(view, { ...busy, test, untilMs, wave: later.map(({ id, ageMs }) => ({ id, ageMs })) });
}

function goOn(view: LadderView, step: Partial<LadderStep>): LadderStep {
  const untilMs = view.nowMs + LOOK_MS;
  return { kind: 'go-on', test: [], conclude: [], needsWitness: false, untilMs, wave: [], ...step };
}

function conclusion(
  plan: LadderPlan,
  bracket: Bracket,
  alive: readonly RungTest[],
  dead: readonly RungTest[],
  view: LadderView & Pick<LadderAnswer, 'conclude'>,
): LadderAnswer {
  const { exceptions } = bracket;
  const outcome = dead.find(({ atMostMs }) => atMostMs === bracket.upperMs)?.outcome ?? dead[0]?.outcome ?? 'stalled';
  const known = {
    kind: 'answer',
    by: 'path',
    outcome: outcome === 'pending' ? 'stalled' : outcome,
    conclude: view.conclude,
  } as const;
  if (exceptions.length === 0) {
    const wide = (bracket.upperMs ?? 0) - bracket.lowerMs > goalMs(plan, bracket.upperMs ?? 0);
    const doubts = wide && bracket.lowerMs > 0 ? ['no connection was left to narrow it further'] : [];
    return { ...known, lowerMs: bracket.lowerMs, upperMs: bracket.upperMs, doubts };
  }
  if (areOutvoted(bracket, view)) {
    const doubts = [exceptionally(exceptions.length, view.tests.length)];
    return { ...known, lowerMs: bracket.lowerMs, upperMs: bracket.upperMs, doubts };
  }
  const ages = dead.map(({ atMostMs }) => atMostMs);
  const firstDeath = Math.min(...ages);
  const lastLife = Math.max(0, ...alive.map(({ atLeastMs }) => atLeastMs));
  const lowers = alive.map(({ atLeastMs }) => atLeastMs).filter((age) => age < firstDeath);
  const uppers = ages.filter((age) => age > lastLife);
  const upperMs = uppers.length === 0 ? Math.max(...ages) : Math.min(...uppers);
  const outlived = uppers.length === 0 ? `; one idle for ${formatDuration(lastLife)} lived all the same` : '';
  return {
    ...known,
    lowerMs: Math.max(0, ...lowers),
    upperMs,
    doubts: [`connections of the same age lived and died: several paths, or a box that forgets some sooner${outlived}`],
  };
}

/** Whether the tests on the wrong side of a bracket are few, and each is contradicted by several. */
function areOutvoted({ exceptions, contradictionCount }: Bracket, { tests }: LadderView): boolean {
  return exceptions.length <= Math.max(1, tests.length / 20) && contradictionCount >= CONTRADICTIONS;
}

function exceptionally(exceptionCount: number, testCount: number): string {
  return `${exceptionCount} of ${testCount} tests say otherwise, and were outvoted by those of other connections`;
}

/**
 * The answer when idle connections end by themselves at one age; null when none did, `unclear` when it is too early to tell. One that
 * kept its keepalive is ended with them by a peer's timer, and spared by a middlebox's.
 */
function endedByItself(view: LadderView): LadderAnswer | 'unclear' | null {
  const { ends, idle, nowMs } = view;
  const [first] = [...ends].sort((one, other) => one.idleMs - other.idleMs);
  if (first === undefined) return null;
  const spreadMs = Math.max(END_SPREAD_MS, 0.05 * first.idleMs);
  const group = ends.filter(({ idleMs }) => idleMs <= first.idleMs + spreadMs);
  const firstAtMs = Math.min(...group.map(({ atMs }) => atMs));
  if (nowMs < firstAtMs + END_SPREAD_MS) return 'unclear';
  const spared = idle.filter(({ quietSinceMs }) => nowMs - quietSinceMs > first.idleMs + spreadMs).length;
  const outlived = view.tests.filter(
    ({ outcome, atLeastMs }) => outcome === 'alive' && atLeastMs > first.idleMs + spreadMs,
  );
  if (spared + outlived.length >= group.length) return null;
  const by = view.keepaliveArmLives === true ? 'path' : 'peer';
  return {
    kind: 'answer',
    lowerMs: Math.min(...group.map(({ idleMs, atLeastMs }) => (by === 'path' ? atLeastMs : idleMs))),
    upperMs: Math.max(...group.map(({ idleMs }) => idleMs)),
    outcome: first.how,
    by,
    doubts: [],
    conclude: [],
  };
}
