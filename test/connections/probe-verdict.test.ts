import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  observeProbing,
  type ProbePlan,
  type ProbeSample,
  type ProbeVerdict,
  progressFrom,
} from '../../src/connections/probe-verdict.ts';

const PLAN: ProbePlan = { idleMs: 1000, intervalMs: 1000, probeCount: 5 };

/** What the far end does: sends something unasked at a time, and answers some probes after a while. */
interface Peer {
  sends?: readonly { atMs: number; kind: 'data' | 'empty' }[];
  /** The time to the answer of the n-th probe since the last answer, counted from 1; null: none. */
  answersAfterMs?: (probe: number) => number | null;
}

interface Conditions {
  /** How long after the time asked for the event loop looks, look by look; the last stays. */
  lateMs?: readonly number[];
  /** The kernel's clock tick, which tcpi_last_ack_recv is counted in. */
  tickMs?: number;
  /** How much later than set the kernel's timer fires. */
  timerLateMs?: number;
  /** When the looking ends without a verdict. */
  untilMs?: number;
  plan?: ProbePlan;
}

type Outcome = { verdict: ProbeVerdict; atMs: number; lookCount: number };

/**
 * A connection that was made at time 0, as Linux probes it (tcp_keepalive_timer() and tcp_ack() in net/ipv4), looked at whenever
 * `observeProbing` asks for it.
 */
function probe(peer: Peer, conditions: Conditions = {}): Outcome {
  const { lateMs = [0], tickMs = 4, timerLateMs = 0, untilMs = 30_000, plan = PLAN } = conditions;
  const arrivals = (peer.sends ?? []).map((sent) => ({ ...sent })).sort((a, b) => a.atMs - b.atMs);
  let segmentsIn = 1; // the SYN-ACK
  let dataSegmentsIn = 0;
  let lastInMs = 0;
  let unansweredProbes = 0;
  let timerMs = plan.idleMs + timerLateMs;

  const advance = (nowMs: number): void => {
    for (;;) {
      const [next] = arrivals;
      if (next !== undefined && next.atMs <= Math.min(nowMs, timerMs)) {
        arrivals.shift();
        segmentsIn += 1;
        if (next.kind === 'data') dataSegmentsIn += 1;
        lastInMs = next.atMs;
        unansweredProbes = 0;
      } else if (timerMs <= nowMs) {
        const silentMs = timerMs - lastInMs;
        if (silentMs < plan.idleMs - 0.001) {
          timerMs = lastInMs + plan.idleMs + timerLateMs;
        } else {
          unansweredProbes += 1;
          const afterMs = peer.answersAfterMs?.(unansweredProbes) ?? null;
          if (afterMs !== null) arrivals.push({ atMs: timerMs + afterMs, kind: 'empty' });
          arrivals.sort((a, b) => a.atMs - b.atMs);
          timerMs += plan.intervalMs + timerLateMs;
        }
      } else {
        return;
      }
    }
  };
  const tick = (ms: number): number => Math.floor(ms / tickMs) * tickMs;
  const look = (atMs: number): ProbeSample => {
    advance(atMs);
    return { atMs, unansweredProbes, segmentsIn, dataSegmentsIn, lastAckReceivedMs: tick(atMs) - tick(lastInMs) };
  };

  let progress = progressFrom(look(1));
  let askedForMs = 1;
  for (let lookCount = 0; ; lookCount += 1) {
    const atMs = Math.max(askedForMs, 0) + (lateMs[lookCount] ?? lateMs.at(-1) ?? 0) + 0.1;
    const step = observeProbing(progress, look(atMs), plan);
    if (step.verdict.kind !== 'wait' || atMs > untilMs) return { verdict: step.verdict, atMs, lookCount };
    if (step.verdict.untilMs <= askedForMs) throw new Error('it asked for the same time again, or for one before');
    progress = step.progress;
    askedForMs = Math.max(step.verdict.untilMs, atMs);
  }
}

const always = (afterMs: number) => () => afterMs;
const onlyFrom = (first: number, afterMs: number) => (count: number) => (count >= first ? afterMs : null);

describe('a peer that answers', () => {
  test('at once is answered at the first probe, in a narrow time', () => {
    const { verdict, atMs } = probe({ answersAfterMs: always(0.3) });
    expect(verdict).toEqual({ kind: 'answered', afterMs: expect.any(Number), probeCount: 1 });
    expect(verdict.kind === 'answered' && verdict.afterMs).toBeLessThan(5);
    expect(atMs).toBeLessThan(1010);
  });

  test.each([1, 20, 90, 250, 700])('after %d ms is said to take that long and at most 30 ms more', (answerMs) => {
    const { verdict } = probe({ answersAfterMs: always(answerMs) });
    expect(verdict).toMatchObject({ kind: 'answered', probeCount: 1 });
    const afterMs = verdict.kind === 'answered' ? verdict.afterMs : Number.NaN;
    expect(afterMs).toBeGreaterThanOrEqual(answerMs);
    expect(afterMs).toBeLessThan(answerMs + 30);
  });

  test('at the third probe after two lost ones is answered at probe 3', () => {
    const { verdict, atMs } = probe({ answersAfterMs: onlyFrom(3, 20) });
    expect(verdict).toMatchObject({ kind: 'answered', probeCount: 3 });
    expect(verdict.kind === 'answered' && verdict.afterMs).toBeLessThan(60);
    expect(atMs).toBeGreaterThan(3000);
    expect(atMs).toBeLessThan(3100);
  });

  test('the last probe is answered, not unanswered', () => {
    expect(probe({ answersAfterMs: onlyFrom(5, 900) }).verdict).toMatchObject({ kind: 'answered', probeCount: 5 });
  });

  test('while the event loop stalls for three seconds is answered, with the stall in the time', () => {
    const { verdict } = probe({ answersAfterMs: always(20) }, { lateMs: [0, 3000, 0] });
    expect(verdict).toMatchObject({ kind: 'answered' });
    expect(verdict.kind === 'answered' && verdict.afterMs).toBeGreaterThan(2000);
  });

  test('and greets is answered at the probe that follows the greeting', () => {
    const greeting = [{ atMs: 300, kind: 'data' }] as const;
    const { verdict, atMs } = probe({ sends: greeting, answersAfterMs: always(5) });
    expect(verdict).toMatchObject({ kind: 'answered', probeCount: 1 });
    expect(atMs).toBeGreaterThan(1300);
    expect(atMs).toBeLessThan(1320);
  });

  test('and greets in the middle of a stall is answered at a probe after the stall', () => {
    const greeting = [{ atMs: 300, kind: 'data' }] as const;
    const { verdict, atMs } = probe({ sends: greeting, answersAfterMs: always(5) }, { lateMs: [0, 3000, 0] });
    expect(verdict).toMatchObject({ kind: 'answered', probeCount: 1 });
    expect(atMs).toBeGreaterThan(4000);
  });
});

describe('a peer that does not answer', () => {
  test('is unanswered when each of the probes has had its interval', () => {
    const { verdict, atMs } = probe({});
    expect(verdict).toEqual({ kind: 'unanswered', afterMs: expect.any(Number), probeCount: 5 });
    expect(verdict.kind === 'unanswered' && Math.round(verdict.afterMs / 100)).toBe(50);
    expect(atMs).toBeGreaterThan(6000);
    expect(atMs).toBeLessThan(6030);
  });

  test.each([
    [1, 2000],
    [2, 3000],
    [10, 11_000],
  ])('is unanswered after %d probes when so many are planned', (probeCount, afterMs) => {
    const { verdict, atMs } = probe({}, { plan: { ...PLAN, probeCount } });
    expect(verdict).toMatchObject({ kind: 'unanswered', probeCount });
    expect(atMs).toBeGreaterThan(afterMs);
    expect(atMs).toBeLessThan(afterMs + 100);
  });

  test('but greets is unanswered, counted from the greeting', () => {
    const { verdict, atMs } = probe({ sends: [{ atMs: 300, kind: 'data' }] });
    expect(verdict).toMatchObject({ kind: 'unanswered', probeCount: 5 });
    expect(atMs).toBeGreaterThan(6300);
  });

  test('but acknowledges our last data after 40 ms is not taken for one that answers', () => {
    const { verdict } = probe({ sends: [{ atMs: 40, kind: 'empty' }] });
    expect(verdict).toMatchObject({ kind: 'unanswered', probeCount: 5 });
  });

  test('but greets and acknowledges during a stall is not taken for one that answers', () => {
    const sends = [
      { atMs: 40, kind: 'empty' },
      { atMs: 1200, kind: 'data' },
    ] as const;
    expect(probe({ sends }, { lateMs: [1500, 0] }).verdict).toMatchObject({ kind: 'unanswered' });
  });

  test('is unanswered after a stall of three seconds too', () => {
    expect(probe({}, { lateMs: [0, 3000, 0] }).verdict).toMatchObject({ kind: 'unanswered', probeCount: 5 });
  });

  test('is not called unanswered by a stall that ends when the probes have just left', () => {
    const { verdict } = probe({ answersAfterMs: onlyFrom(5, 500) }, { lateMs: [5050, 0] });
    expect(verdict).toMatchObject({ kind: 'answered' });
  });
});

test('a peer that sends every 500 ms is neither: the connection is never idle', () => {
  const sends = Array.from({ length: 80 }, (_, index) => ({ atMs: 500 * (index + 1), kind: 'data' as const }));
  expect(probe({ sends, answersAfterMs: always(1) }).verdict.kind).toBe('wait');
});

test('it looks rarely while nothing can come, and not more than 200 times in all', () => {
  expect(probe({ answersAfterMs: always(1) }).lookCount).toBeLessThan(10);
  expect(probe({}).lookCount).toBeLessThan(350);
});

describe('for any timing', () => {
  const conditions = {
    lateMs: fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1, maxLength: 400 }),
    tickMs: fc.constantFrom(1, 4, 10),
    // A timer of a second is late by up to 64 jiffies (kernel/time/timer.c).
    timerLateMs: fc.integer({ min: 0, max: 64 }),
  };

  test('samples of a connection on which nothing comes in never say answered, whatever else they say', () => {
    const change = fc.record({
      stepMs: fc.double({ min: 0.001, max: 5000, noNaN: true }),
      probes: fc.nat(255),
      lastAckReceivedMs: fc.nat(100_000),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 60 }), (changes) => {
        const counters = { segmentsIn: 7, dataSegmentsIn: 3 };
        let atMs = 10;
        let progress = progressFrom({ atMs, unansweredProbes: 0, lastAckReceivedMs: 5, ...counters });
        for (const { stepMs, probes: unansweredProbes, lastAckReceivedMs } of changes) {
          atMs += stepMs;
          const step = observeProbing(progress, { atMs, unansweredProbes, lastAckReceivedMs, ...counters }, PLAN);
          expect(step.verdict.kind).not.toBe('answered');
          progress = step.progress;
        }
      }),
    );
  });

  test('a peer that only sends data, and acknowledges ours at the start, is never said to answer', () => {
    const data = fc.array(fc.integer({ min: 1, max: 9000 }), { maxLength: 8 });
    const stalls = fc.array(fc.double({ min: 0, max: 4000, noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 900 }),
        data,
        stalls,
        conditions.tickMs,
        (ackMs, dataMs, lateMs, tickMs) => {
          const sends = [
            { atMs: ackMs, kind: 'empty' as const },
            ...dataMs.map((atMs) => ({ atMs: ackMs + atMs, kind: 'data' as const })),
          ];
          expect(probe({ sends }, { lateMs, tickMs }).verdict).toMatchObject({ kind: 'unanswered' });
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a peer that answers probe k is said to answer at probe k when it is looked at often', () => {
    const answerMs = fc.double({ min: 0.01, max: 900, noNaN: true });
    const greeting = fc.option(fc.integer({ min: 1, max: 900 }), { nil: null });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        answerMs,
        greeting,
        fc.record(conditions),
        (k, afterMs, greetingMs, rest) => {
          const sends = greetingMs === null ? [] : [{ atMs: greetingMs, kind: 'data' as const }];
          const { verdict } = probe({ sends, answersAfterMs: onlyFrom(k, afterMs) }, rest);
          expect(verdict).toMatchObject({ kind: 'answered', probeCount: k });
          const measuredMs = verdict.kind === 'answered' ? verdict.afterMs : Number.NaN;
          expect(measuredMs).toBeGreaterThanOrEqual(afterMs);
          expect(measuredMs).toBeLessThan(afterMs + 100);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a peer that answers is never called unanswered, however the event loop stalls', () => {
    const stalls = fc.array(fc.double({ min: 0, max: 4000, noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 900, noNaN: true }),
        stalls,
        conditions.tickMs,
        (afterMs, lateMs, tickMs) => {
          expect(probe({ answersAfterMs: always(afterMs) }, { lateMs, tickMs }).verdict.kind).toBe('answered');
        },
      ),
      { numRuns: 150 },
    );
  });
});
