/**
 * Did the far end answer a keepalive probe? The kernel does not tell in so many words. It tells how many segments came in, how many of them
 * had payload, when the last one came, and how many probes went unanswered since. A probe goes out one idle time after the last
 * segment that came in; so a segment without payload that comes in no sooner than that is its answer, and anything that comes earlier
 * (a greeting, a delayed acknowledgement) only moves the time at which the probe will go out.
 */

/** One look at a connection (TCP_INFO). All times are on the same monotonic clock. */
export interface ProbeSample {
  atMs: number;
  unansweredProbes: number;
  segmentsIn: number;
  dataSegmentsIn: number;
  lastAckReceivedMs: number;
}

export interface ProbePlan {
  /** TCP_KEEPIDLE while probing. */
  idleMs: number;
  /** TCP_KEEPINTVL while probing. */
  intervalMs: number;
  /** The search ends when so many probes each had a whole interval without an answer, that is when one more leaves. */
  probeCount: number;
}

/** What the samples so far amount to. */
export interface ProbeProgress {
  /** When the last segment came in. */
  quietSinceMs: number;
  emptySegmentsIn: number;
  dataSegmentsIn: number;
  unansweredProbes: number;
  /** When the last sample was taken. */
  lookedAtMs: number;
  /** The newest and the first unanswered probe left after these times; meaningless while there is none. */
  probeSentAfterMs: number;
  firstProbeSentAfterMs: number;
}

export type ProbeVerdict =
  | { kind: 'wait'; untilMs: number }
  | { kind: 'answered' | 'unanswered'; afterMs: number; probeCount: number };

/** The kernel's clock tick at its slowest, 100 Hz: tcpi_last_ack_recv is the difference of two times, each rounded down to one. */
const TICK_MS = 10;
/** What a time reckoned from such differences may be off by, and some. */
const TICK_SLACK_MS = 50;

/** Where probing stands after the first sample. */
export function progressFrom(sample: ProbeSample): ProbeProgress {
  return {
    quietSinceMs: sample.atMs - sample.lastAckReceivedMs,
    emptySegmentsIn: sample.segmentsIn - sample.dataSegmentsIn,
    dataSegmentsIn: sample.dataSegmentsIn,
    unansweredProbes: sample.unansweredProbes,
    lookedAtMs: sample.atMs,
    probeSentAfterMs: sample.atMs,
    firstProbeSentAfterMs: sample.atMs,
  };
}

/** Takes in one more sample: what is known now, and whether that decides. */
export function observeProbing(
  before: ProbeProgress,
  sample: ProbeSample,
  plan: ProbePlan,
): { progress: ProbeProgress; verdict: ProbeVerdict } {
  const fresh = progressFrom(sample);
  const { atMs, unansweredProbes } = sample;
  const dueMs = before.quietSinceMs + plan.idleMs;
  const cameEmpty = fresh.emptySegmentsIn > before.emptySegmentsIn;
  const cameData = fresh.dataSegmentsIn > before.dataSegmentsIn;
  // With data in the same look, which of the two came last is not known: the next probe decides.
  if (cameEmpty && !cameData && fresh.quietSinceMs >= dueMs - TICK_SLACK_MS) {
    // Between two looks a probe may have left and been answered at once: the next one leaves an interval after the last.
    const unseen =
      before.unansweredProbes === 0 || fresh.quietSinceMs - before.probeSentAfterMs >= plan.intervalMs - TICK_MS;
    const sentAfterMs = unseen ? sentSince(before, dueMs) : before.probeSentAfterMs;
    const probeCount = before.unansweredProbes + (unseen ? 1 : 0);
    return { progress: fresh, verdict: { kind: 'answered', afterMs: atMs - sentAfterMs, probeCount } };
  }
  if (cameEmpty || cameData) {
    return { progress: fresh, verdict: { kind: 'wait', untilMs: nextLookMs(fresh.quietSinceMs + plan.idleMs, atMs) } };
  }
  const sentMore = unansweredProbes > before.unansweredProbes;
  const progress: ProbeProgress = {
    ...before,
    unansweredProbes,
    lookedAtMs: atMs,
    probeSentAfterMs: sentMore ? sentSince(before, dueMs) : before.probeSentAfterMs,
    firstProbeSentAfterMs:
      sentMore && before.unansweredProbes === 0 ? sentSince(before, dueMs) : before.firstProbeSentAfterMs,
  };
  // The newest may still be answered. That it left says that the one before it had its whole interval.
  const probeCount = unansweredProbes - 1;
  if (probeCount >= plan.probeCount) {
    return { progress, verdict: { kind: 'unanswered', afterMs: atMs - progress.firstProbeSentAfterMs, probeCount } };
  }
  return { progress, verdict: { kind: 'wait', untilMs: nextLookMs(dueMs, atMs) } };
}

/** A probe that was not there at the last look left after that look, and none leaves before the first is due. */
function sentSince({ lookedAtMs }: ProbeProgress, dueMs: number): number {
  return Math.max(lookedAtMs, dueMs - TICK_SLACK_MS);
}

/** Asleep until just before the probe is due, then closely, so that the answer's time is narrow, then ever less so. */
function nextLookMs(dueMs: number, nowMs: number): number {
  const since = nowMs - dueMs;
  if (since < -(TICK_MS + 4)) return dueMs - TICK_MS - 2;
  return nowMs + (since < 100 ? 2 : since < 400 ? 10 : 25);
}
