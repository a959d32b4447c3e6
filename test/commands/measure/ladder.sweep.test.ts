import { describe, expect, test } from 'vitest';
import {
  cheapestRatio,
  goalMs,
  type LadderPlan,
  type LadderView,
  lossOf,
  probesForDeath,
  type RungTest,
  rungAges,
} from '../../../src/commands/measure/ladder.ts';
import { VERDICT_PROBE_COUNT } from '../../../src/connections/survival.ts';
import { type SimulatedPath, search, seeded } from './simulated-path.ts';

const MINUTE_MS = 60_000;
/** What products ship with, the commonest first. */
const LIKELY_MS = [1, 60, 5, 5.8333, 15, 10, 4, 30, 0.5, 2].map((minutes) => minutes * MINUTE_MS);
/** Two of the connections asked for are not rungs. */
const plan = (connections: number, different: Partial<LadderPlan> = {}): LadderPlan => ({
  minMs: 5000,
  maxMs: 7_300_000,
  resolution: { share: 0.01, floorMs: 1000 },
  connectionCount: connections - 2,
  likelyMs: LIKELY_MS,
  ...different,
});
const path = (timeoutMs: number, random: () => number, different: Partial<SimulatedPath> = {}): SimulatedPath => ({
  timeoutMs: () => timeoutMs,
  random,
  ...different,
});

/** Between 5 s and 2 h, every order of magnitude as likely as the others. */
const randomTimeout = (random: () => number): number => 5000 * Math.exp(random() * Math.log(1440));

describe('a thousand timeouts between 5 s and 2 h', { timeout: 300_000 }, () => {
  test.each([
    [128, 1.1],
    [64, 1.25],
    [16, 1.6],
  ])(
    'with %i connections take at most %f T + 6 s each, and lie in a bracket of two percent or a second',
    (connections, factor) => {
      const random = seeded(connections);
      for (let run = 0; run < 1000; run += 1) {
        const timeoutMs = randomTimeout(random);
        const { answer, wallMs } = search(plan(connections), path(timeoutMs, random));
        const seen = `T ${timeoutMs}, wall ${wallMs}, ${answer.lowerMs} to ${answer.upperMs}`;
        expect(answer.outcome, seen).toBe('stalled');
        expect(answer.lowerMs, seen).toBeLessThanOrEqual(timeoutMs);
        expect(answer.upperMs, seen).toBeGreaterThanOrEqual(timeoutMs);
        expect((answer.upperMs ?? 0) - answer.lowerMs, seen).toBeLessThanOrEqual(Math.max(1000, 0.02 * timeoutMs));
        expect(wallMs, seen).toBeLessThanOrEqual(factor * timeoutMs + 6000);
        expect(answer.doubts, seen).toEqual([]);
      }
    },
  );

  test.each([
    [128, 'probes'],
    [64, 'probes'],
    [16, 'probes'],
    [128, 'pushes'],
    [16, 'pushes'],
  ] as const)('with %i connections are right though a tenth of all %s stay unanswered', (connections, asks) => {
    const random = seeded(connections + 1);
    for (let run = 0; run < 200; run += 1) {
      const timeoutMs = randomTimeout(random);
      const { answer } = search(plan(connections), path(timeoutMs, random, { loss: 0.1, asks }));
      const seen = `T ${timeoutMs}, ${answer.lowerMs} to ${answer.upperMs}`;
      expect(answer.lowerMs, seen).toBeLessThanOrEqual(timeoutMs);
      expect(answer.upperMs, seen).toBeGreaterThanOrEqual(timeoutMs);
      expect((answer.upperMs ?? 0) - answer.lowerMs, seen).toBeLessThanOrEqual(Math.max(1000, 0.02 * timeoutMs));
    }
  });
});

describe('a far end that speaks first', () => {
  test.each([
    [128, 1.1],
    [64, 1.25],
    [16, 1.6],
  ])('is found out about with %i connections in the same time', (connections, factor) => {
    const random = seeded(connections + 2);
    for (let run = 0; run < 100; run += 1) {
      const timeoutMs = randomTimeout(random);
      const { answer, wallMs } = search(plan(connections), path(timeoutMs, random, { asks: 'pushes' }));
      const seen = `T ${timeoutMs}, wall ${wallMs}, ${answer.lowerMs} to ${answer.upperMs}`;
      expect(answer.lowerMs, seen).toBeLessThanOrEqual(timeoutMs);
      expect(answer.upperMs, seen).toBeGreaterThanOrEqual(timeoutMs);
      expect((answer.upperMs ?? 0) - answer.lowerMs, seen).toBeLessThanOrEqual(Math.max(1000, 0.02 * timeoutMs));
      expect(wallMs, seen).toBeLessThanOrEqual(factor * timeoutMs + 6000);
    }
  });
});

describe('what is odd', () => {
  test('a path that resets needs no patience', () => {
    const { answer, wallMs } = search(plan(64), path(20_000, seeded(1), { onExpiry: 'reset' }));
    expect(answer).toMatchObject({ outcome: 'reset', by: 'path' });
    expect(wallMs).toBeLessThan(22_000);
  });

  test('a path that forgets nothing is told as far as was looked', () => {
    const { answer } = search(plan(16, { maxMs: 60_000 }), path(Number.POSITIVE_INFINITY, seeded(2)));
    expect(answer).toMatchObject({ lowerMs: 60_000, upperMs: null, outcome: 'alive', by: null, doubts: [] });
  });

  test('a path that forgets sooner than was looked has no lower end', () => {
    const { answer } = search(plan(16), path(3000, seeded(3)));
    expect(answer).toMatchObject({ lowerMs: 0, upperMs: 5000, outcome: 'stalled' });
  });

  test("a server that closes first is told from the path by the connection's own end", () => {
    const { answer, wallMs } = search(plan(64), path(60_000, seeded(4), { serverClosesMs: 12_345 }));
    expect(answer).toMatchObject({ lowerMs: 12_345, upperMs: 12_345, outcome: 'closed', by: 'peer', doubts: [] });
    expect(wallMs).toBeLessThan(14_000);
  });

  test('an outage of all connections is not taken for a timeout', () => {
    for (const fromMs of [6000, 20_000, 33_000]) {
      const outageMs = [fromMs, fromMs + 8000] as const;
      const { answer } = search(plan(64), path(50_000, seeded(5), { outageMs }));
      expect(answer.lowerMs).toBeLessThanOrEqual(50_000);
      expect(answer.upperMs).toBeGreaterThanOrEqual(50_000);
    }
  });

  test('one connection that died too early is outvoted, and mentioned', () => {
    const timeoutMs = (connection: number): number => (connection === 12 ? 8000 : 60_000);
    const { answer } = search(plan(64), { timeoutMs, random: seeded(6) });
    expect(answer.lowerMs).toBeLessThanOrEqual(60_000);
    expect(answer.upperMs).toBeGreaterThanOrEqual(60_000);
    expect(answer.doubts).toEqual([expect.stringContaining('outvoted')]);
  });

  test('two paths with different timeouts are an honest bracket and a doubt', () => {
    const timeoutMs = (connection: number): number => (connection % 2 === 0 ? 20_000 : 26_000);
    const { answer } = search(plan(64), { timeoutMs, random: seeded(7) });
    expect(answer.doubts).toHaveLength(1);
    expect(answer.lowerMs).toBeLessThanOrEqual(20_000);
    expect(answer.upperMs).toBeGreaterThanOrEqual(20_000);
  });

  test.each([2, 5, 8])('one path of %i that forgets is told, with the doubt, though the others live', (paths) => {
    const timeoutMs = (connection: number): number => (connection % paths === 1 ? 8000 : Number.POSITIVE_INFINITY);
    const { answer } = search(plan(64, { maxMs: 120_000 }), { timeoutMs, random: seeded(8) });
    expect(answer).toMatchObject({ by: 'path', outcome: 'stalled' });
    expect(answer.upperMs).toBeGreaterThanOrEqual(8000);
    expect(answer.doubts).toEqual([expect.stringMatching(/ of the same age lived and died: several paths/)]);
  });
});

describe('the rungs', () => {
  test('rise from the shortest to the longest age', () => {
    for (const connections of [8, 16, 64, 128, 1024]) {
      const ages = rungAges(plan(connections));
      expect(ages[0]).toBe(5000);
      expect(ages.at(-1)).toBe(7_300_000);
      expect(ages.every((age, index) => index === 0 || age > (ages[index - 1] ?? 0))).toBe(true);
    }
  });

  test('stand close on both sides of what products ship with', () => {
    const ages = rungAges(plan(128));
    for (const likely of LIKELY_MS.slice(0, 5)) {
      const below = ages.findLast((age) => age <= likely) ?? 0;
      const above = ages.find((age) => age > likely) ?? 0;
      expect(above - below).toBeLessThanOrEqual(goalMs(plan(128), likely));
      expect(above - below).toBeGreaterThan(0);
    }
  });

  test('are closer the more connections there are', () => {
    expect(cheapestRatio(14).cost).toBeCloseTo(1.3, 2);
    expect(cheapestRatio(62).cost).toBeCloseTo(1.086, 2);
    expect(cheapestRatio(126).cost).toBeCloseTo(1.047, 2);
  });
});

describe('how many probes it takes', () => {
  const lived = (unansweredCount: number): RungTest => ({
    id: 1,
    plannedMs: 1,
    atLeastMs: 1,
    atMostMs: 1,
    startedAtMs: 0,
    lastProbeAtMs: 0,
    outcome: 'alive',
    unansweredCount,
  });
  const loss = (tests: RungTest[], handshakes: LadderView['handshakes']) => lossOf({ tests, handshakes });

  test('falls as living connections answer at once, and rises as they do not', () => {
    const none = loss([], { madeCount: 0, lostCount: 0 });
    const clean = loss(Array<RungTest>(60).fill(lived(0)), { madeCount: 64, lostCount: 0 });
    const lossy = loss(Array<RungTest>(60).fill(lived(1)), { madeCount: 64, lostCount: 20 });
    expect([clean, none, lossy].map((each) => probesForDeath(each, VERDICT_PROBE_COUNT))).toEqual([4, 14, 14]);
    expect(clean).toBeLessThan(0.02);
  });

  test('leaves a chance of less than a millionth that a living connection is called dead', () => {
    for (const share of [0.02, 0.1, 0.2, 0.35])
      expect(share ** probesForDeath(share, VERDICT_PROBE_COUNT)).toBeLessThan(1.1e-6);
  });
});
