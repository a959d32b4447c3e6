/**
 * The reuse race: a client sends a request on an idle connection just as the server closes it. Pure: where to send, and what the results mean.
 *
 * The probability that a request of age a fails is integrated over a: each sample stands for the ages nearer to it than to its neighbours. That
 * sum is a time, the width of the window: how long an age lasts in which requests fail. The samples may then lie closer where it matters.
 */
import type { HttpRace, HttpRaceSample } from './observation.ts';

/** When one connection is opened, since the beginning, and at which age its second request is sent. */
export interface RaceStart {
  openAtMs: number;
  ageMs: number;
}

/** The least that is tried on both sides of the measured close: the servers' own timers are that coarse. */
const LEAST_MARGIN_MS = 20;
/** The share of the samples that lies where the close is expected; the others say how it looks farther away. */
const CORE_SHARE = 0.7;
/** The outer part reaches that many margins farther. */
const OUTER_MARGINS = 4;
/** Connections are not opened all at once: a server that looks for idle ones once a second would close them all at once. */
const OPENING_MS = 1000;
/** With fewer samples nothing is said. */
const FEWEST = 5;
/** The ratio that spreads any count most evenly: 1 / φ. */
const GOLDEN = 0.618_033_988_749_895;

/**
 * Plans `count` requests around a close that was measured between `lowerMs` and `upperMs`: most of them within a margin of it, which is what the
 * round trip and the timers blur. Neighbours in age are no neighbours in time.
 */
export function planRace(count: number, close: { lowerMs: number; upperMs: number }, rttMs: number): RaceStart[] {
  const margin = Math.max(LEAST_MARGIN_MS, 2 * rttMs, (close.upperMs - close.lowerMs) / 4);
  const from = close.lowerMs - margin;
  const to = close.upperMs + margin;
  const outerCount = Math.round(count * (1 - CORE_SHARE));
  const coreCount = count - outerCount;
  const core = spread(coreCount, from, to);
  const before = spread(Math.ceil(outerCount / 2), from - OUTER_MARGINS * margin, from);
  const after = spread(Math.floor(outerCount / 2), to, to + OUTER_MARGINS * margin);
  return starts([...before, ...core, ...after]);
}

function starts(agesMs: readonly number[]): RaceStart[] {
  return agesMs.map((ageMs, index) => ({ openAtMs: ((index * GOLDEN) % 1) * OPENING_MS, ageMs: Math.max(1, ageMs) }));
}

/** What is left around the narrowed close, whatever the round trip: the timers of this program are no finer. */
const NARROW_MARGIN_MS = 2;

/**
 * Plans `count` more requests where those of a first round went from answered to failed, which may be a much narrower place than the bracket. null:
 * the first round did not show where.
 */
export function narrowRace(count: number, first: readonly HttpRaceSample[], rttMs: number): RaceStart[] | null {
  const turn = turnOf(knownOf(first));
  if (turn === null) return null;
  const margin = Math.max(NARROW_MARGIN_MS, 2 * rttMs);
  return starts(spread(count, turn.fromMs - margin, turn.toMs + margin));
}

/** `count` ages in the middles of as many equal parts. */
function spread(count: number, from: number, to: number): number[] {
  return Array.from({ length: count }, (_, index) => from + ((index + 0.5) / count) * (to - from));
}

/** One sample that says something. */
type Known = Pick<HttpRaceSample, 'result' | 'endVisible'> & { idleMs: number };

/** The samples that say something, the youngest first. */
function knownOf(samples: readonly HttpRaceSample[]): Known[] {
  return samples
    .flatMap(({ idleMs, result, endVisible }) =>
      idleMs !== null && (result === 'answered' || result === 'failed') ? [{ idleMs, result, endVisible }] : [],
    )
    .sort((one, other) => one.idleMs - other.idleMs);
}

function extremesOf(known: readonly Known[]): Pick<HttpRace, 'firstFailureMs' | 'lastAnswerMs'> {
  return {
    firstFailureMs: known.find(({ result }) => result === 'failed')?.idleMs ?? null,
    lastAnswerMs: known.findLast(({ result }) => result === 'answered')?.idleMs ?? null,
  };
}

const isUnforeseen = ({ result, endVisible }: Known): boolean => result === 'failed' && endVisible === false;

/** The ages in which answers turn into failures, and those into failures that were to be foreseen. null: the samples do not show it. */
function turnOf(known: readonly Known[]): { fromMs: number; toMs: number } | null {
  const { firstFailureMs, lastAnswerMs } = extremesOf(known);
  if (firstFailureMs === null || lastAnswerMs === null) return null;
  const lastLostMs = known.findLast(isUnforeseen)?.idleMs ?? firstFailureMs;
  return { fromMs: Math.min(firstFailureMs, lastAnswerMs), toMs: Math.max(firstFailureMs, lastAnswerMs, lastLostMs) };
}

/**
 * What the samples amount to. `closeMs`: after how long the server closes. `meanGapMs`: the mean time between two requests on one connection,
 * which are taken to come at random (exponential gaps); at a mean gap of `closeMs` most of them meet the window.
 */
export function judgeRace(samples: readonly HttpRaceSample[], closeMs: number, meanGapMs: number): HttpRace {
  const known = knownOf(samples);
  const failedCount = known.filter(({ result }) => result === 'failed').length;
  const unforeseenCount = known.filter(isUnforeseen).length;
  const windowMs = widthOf(known);
  const share = Math.exp(-closeMs / meanGapMs);
  const perMillion = (widthMs: number): number => (1e6 * share * widthMs) / meanGapMs;
  return {
    samples: [...samples],
    answeredCount: known.length - failedCount,
    unforeseenCount,
    foreseeableCount: failedCount - unforeseenCount,
    ...extremesOf(known),
    windowMs,
    perMillion:
      windowMs === null
        ? null
        : {
            meanGapMs,
            whoLooks: { estimate: perMillion(windowMs.estimate), atMost: perMillion(windowMs.atMost) },
            whoDoesNotLook: 1e6 * share,
          },
  };
}

/**
 * The width of the window of unforeseen failures. The bound counts three failures more than were seen (the rule of three: with none seen, more
 * than three were not to be expected, with 95 %), each as wide as the samples lie apart where answers turn into failures, and where the
 * window begins and ends between two samples. null: the samples do not show where that is, or are too few.
 */
function widthOf(known: readonly Known[]): { estimate: number; atMost: number } | null {
  const turn = turnOf(known);
  if (turn === null || known.length < FEWEST) return null;
  const turnMs = (turn.fromMs + turn.toMs) / 2;
  const cells = known.map((sample, index) => {
    const left = known[index - 1]?.idleMs ?? sample.idleMs;
    const right = known[index + 1]?.idleMs ?? sample.idleMs;
    return { widthMs: (right - left) / 2, awayMs: Math.abs(sample.idleMs - turnMs), lost: isUnforeseen(sample) };
  });
  const estimate = cells.reduce((sum, { widthMs, lost }) => (lost ? sum + widthMs : sum), 0);
  const near = cells.sort((one, other) => one.awayMs - other.awayMs).slice(0, Math.max(3, Math.ceil(known.length / 4)));
  const apartMs = near.reduce((sum, { widthMs }) => sum + widthMs, 0) / near.length;
  const edgeMs = Math.max(0, ...cells.filter(({ lost }) => lost).map(({ widthMs }) => widthMs));
  return { estimate, atMost: estimate + edgeMs + 3 * apartMs };
}
