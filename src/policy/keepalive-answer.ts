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
  /** After so many probes without an answer the search ends. */
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
  | { kind: 'answered'; afterMs: number; probeCount: number }
  | { kind: 'unanswered'; afterMs: number; probeCount: number };

/** The kernel rounds tcpi_last_ack_recv to its clock tick (10 ms at 100 Hz), at both ends of a difference. */
const TICK_SLACK_MS = 50;

export function startProbing(sample: ProbeSample): ProbeProgress {
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
  const fresh = startProbing(sample);
  const { atMs, unansweredProbes } = sample;
  const dueMs = before.quietSinceMs + plan.idleMs;
  const cameEmpty = fresh.emptySegmentsIn > before.emptySegmentsIn;
  const cameData = fresh.dataSegmentsIn > before.dataSegmentsIn;
  // With data in the same look, which of the two came last is not known: the next probe decides.
  if (cameEmpty && !cameData && fresh.quietSinceMs >= dueMs - TICK_SLACK_MS) {
    // Between two looks a probe may have left and been answered at once.
    const unseen =
      before.unansweredProbes === 0 || fresh.quietSinceMs - before.probeSentAfterMs > plan.intervalMs + TICK_SLACK_MS;
    const sentAfterMs = unseen ? before.lookedAtMs : before.probeSentAfterMs;
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
    probeSentAfterMs: sentMore ? before.lookedAtMs : before.probeSentAfterMs,
    firstProbeSentAfterMs: sentMore && before.unansweredProbes === 0 ? before.lookedAtMs : before.firstProbeSentAfterMs,
  };
  if (unansweredProbes >= plan.probeCount && atMs >= dueMs + plan.probeCount * plan.intervalMs + TICK_SLACK_MS) {
    return {
      progress,
      verdict: { kind: 'unanswered', afterMs: atMs - progress.firstProbeSentAfterMs, probeCount: unansweredProbes },
    };
  }
  return { progress, verdict: { kind: 'wait', untilMs: nextLookMs(dueMs, atMs) } };
}

/** Asleep until just before the probe is due, then closely, so that the answer's time is narrow, then ever less so. */
function nextLookMs(dueMs: number, nowMs: number): number {
  const since = nowMs - dueMs;
  if (since < -4) return dueMs - 2;
  return nowMs + (since < 100 ? 2 : since < 400 ? 10 : 25);
}
