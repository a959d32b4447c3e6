import {
  type IdleRung,
  type LadderAnswer,
  type LadderPlan,
  type LadderView,
  nextStep,
  type RungEnd,
  type RungTest,
  rungAges,
  type Wave,
} from '../../../src/commands/measure/ladder.ts';
import { MOST_PUSHES, pushesBy } from '../../../src/commands/measure/retransmit-schedule.ts';
import type { SurvivalOutcome } from '../../../src/connections/observation.ts';
import { VERDICT_PROBE_COUNT } from '../../../src/connections/survival.ts';

/** A path as it is in the simulation. */
export interface SimulatedPath {
  /** When the path forgets the nth connection; Infinity: never. */
  timeoutMs: (connection: number) => number;
  /** The share of probes that draw no answer though the connection lives. */
  loss?: number;
  onExpiry?: 'stalled' | 'reset';
  /** When the server closes an idle connection by itself. */
  serverClosesMs?: number;
  rttMs?: number;
  /** Whether they are asked by probes at a steady pace, or by what the far end's kernel sends again after ever longer times. */
  asks?: 'probes' | 'pushes';
  /** Between these two times nothing passes. */
  outageMs?: readonly [fromMs: number, untilMs: number];
  random: () => number;
}

/** What a search came to, and what it took. */
export interface Search {
  answer: LadderAnswer;
  wallMs: number;
  tests: readonly RungTest[];
  connectionsMade: number;
}

const PROBE_INTERVAL_MS = 600;

/** When the push after so many goes: the first time of which `pushesBy` counts one more. */
function pushMs(sentCount: number, rttMs: number): number {
  let [fromMs, untilMs] = [0, 1e6];
  while (untilMs - fromMs > 1) {
    const middleMs = (fromMs + untilMs) / 2;
    if (pushesBy(middleMs, rttMs) > sentCount) untilMs = middleMs;
    else fromMs = middleMs;
  }
  return untilMs;
}

/** Numbers between 0 and 1 that look random and are the same each time (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Lets the ladder look for the timeout of a path whose clock is moved from one event to the next. */
export function search(plan: LadderPlan, path: SimulatedPath): Search {
  const {
    timeoutMs,
    loss = 0,
    onExpiry = 'stalled',
    serverClosesMs,
    rttMs = 20,
    asks = 'probes',
    outageMs,
    random,
  } = path;
  const ages = rungAges(plan);
  const pushesMs = Array.from({ length: MOST_PUSHES + 1 }, (_, sentCount) => pushMs(sentCount, rttMs));
  const idle: IdleRung[] = [];
  const tests: RungTest[] = [];
  let pending: RungTest[] = [];
  const ends: RungEnd[] = [];
  const answersAtMs = new Map<RungTest, number>();
  const witnessedAtMs: number[] = [];
  let [nowMs, connectionsMade, wave]: [number, number, Wave] = [0, 0, []];
  const nextProbeMs = ({ startedAtMs, lastProbeAtMs, unansweredCount }: RungTest): number =>
    asks === 'probes'
      ? lastProbeAtMs + PROBE_INTERVAL_MS
      : startedAtMs + (pushesMs[unansweredCount] ?? Number.POSITIVE_INFINITY);
  const isOut = (): boolean => outageMs !== undefined && nowMs >= outageMs[0] && nowMs < outageMs[1];
  const open = (): void => {
    if (isOut()) return;
    connectionsMade += 1;
    idle.push({ id: connectionsMade, quietSinceMs: nowMs });
    witnessedAtMs.push(nowMs);
  };
  const probe = (test: RungTest): void => {
    test.lastProbeAtMs = nowMs;
    const lives = test.atLeastMs < timeoutMs(test.id);
    if (!lives && onExpiry === 'reset' && !isOut()) answersAtMs.set(test, nowMs + rttMs);
    if (lives && !isOut() && random() >= loss) answersAtMs.set(test, nowMs + rttMs);
    else test.unansweredCount += 1;
  };
  for (;;) {
    while (idle.length + pending.length < plan.connectionCount && !isOut()) open();
    const view: LadderView = {
      nowMs,
      idle,
      tests,
      ends,
      witnessedAtMs,
      handshakes: { madeCount: connectionsMade, lostCount: 0 },
      rttMs,
      mostProbes: asks === 'probes' ? VERDICT_PROBE_COUNT : MOST_PUSHES,
      keepaliveArmLives: null,
    };
    const step = nextStep(plan, ages, view, wave);
    if (step.kind === 'answer') return { answer: step, wallMs: nowMs, tests, connectionsMade };
    ({ wave } = step);
    for (const test of pending) if (step.conclude.includes(test.id)) test.outcome = 'stalled';
    pending = pending.filter(({ outcome }) => outcome === 'pending');
    if (step.needsWitness && !isOut()) witnessedAtMs.push(nowMs);
    for (const { id, plannedMs } of step.test) {
      const index = idle.findIndex((rung) => rung.id === id);
      const [rung] = idle.splice(index, 1);
      if (rung === undefined) throw new Error('tests a connection that is not there');
      const age = nowMs - rung.quietSinceMs;
      const test: RungTest = {
        id,
        plannedMs,
        atLeastMs: age,
        atMostMs: age,
        startedAtMs: nowMs,
        unansweredCount: 0,
        lastProbeAtMs: nowMs,
        outcome: 'pending',
      };
      tests.push(test);
      pending.push(test);
      probe(test);
    }
    const events = pending.map((test) => answersAtMs.get(test) ?? nextProbeMs(test));
    const closings = serverClosesMs === undefined ? [] : idle.map(({ quietSinceMs }) => quietSinceMs + serverClosesMs);
    const next = Math.min(Math.max(step.untilMs, nowMs), ...events, ...closings);
    if (!Number.isFinite(next)) throw new Error('waits for ever');
    nowMs = Math.max(next, nowMs + 1e-6);
    for (const test of pending) {
      const answerAtMs = answersAtMs.get(test);
      if (answerAtMs !== undefined && answerAtMs <= nowMs) {
        const lives: SurvivalOutcome = test.atLeastMs < timeoutMs(test.id) ? 'alive' : onExpiry;
        test.outcome = lives;
        if (lives === 'alive') witnessedAtMs.push(nowMs);
      } else if (answerAtMs === undefined && nowMs >= nextProbeMs(test)) probe(test);
    }
    pending = pending.filter(({ outcome }) => outcome === 'pending');
    if (serverClosesMs !== undefined) {
      for (const rung of [...idle]) {
        if (rung.quietSinceMs + serverClosesMs > nowMs) continue;
        idle.splice(idle.indexOf(rung), 1);
        ends.push({ atLeastMs: serverClosesMs, idleMs: serverClosesMs, how: 'closed', atMs: nowMs });
      }
    }
  }
}
