/**
 * Where on the path is a stalled flow dropped? Segments of the flow whose TTL ends at one hop after another are compared with SYNs of new
 * connections that end there too. Hops up to the box that drops the flow answer for it with ICMP "time exceeded", those behind it do
 * not get to see it; a hop that answers for nobody, or a packet that is lost, tells nothing.
 */

import { plural } from '../../base/units.ts';
import type { Dropper, Hop } from '../observation.ts';

/** What the SYNs of new connections met. */
export interface Path {
  /** The hops that answered a SYN that ended there, nearest first. */
  answering: readonly { hop: number; address: string }[];
  /** The hop at which new connections are made or refused, and its address; null: not found. */
  target: { hop: number; address: string } | null;
  /** The last hop that was tried. */
  triedHops: number;
}

/** Segments of the stalled flow to be sent so that they end at a hop. */
export interface NextTest {
  hop: number;
  segmentCount: number;
  /** Whether the SYN of a new connection follows them to the same hop: only if that is answered does silence mean anything. */
  control: boolean;
}

/** Such segments, and what they drew. */
export interface FlowTest {
  hop: number;
  /** How many were sent, retransmissions included. */
  segmentCount: number;
  /**
   * `expired`: the TTL was used up there, so the flow is forwarded as far as that. `rejected`: a box at that hop or before it
   * refused the flow in words (ICMP "unreachable", or a RST). `silent`: nothing.
   */
  answer: 'expired' | 'rejected' | 'silent';
  /** Whether the SYN was answered; null: there was none. */
  controlAnswered: boolean | null;
}

/**
 * So many segments without an answer make a hop silent. If a fifth of all packets is lost each way, a segment or its answer is lost with a
 * chance of 0.36, and all of 8 with one of 0.0003.
 */
const SILENT_SEGMENTS = 8;
/** So many are too few to conclude anything from: all of 4 are lost with a chance of 0.017. */
const TOO_FEW_SEGMENTS = 4;
/** An answer may be a late one to an earlier segment: the kernel does not say which one it answers. Two are none too late. */
const CONFIRMING_ANSWERS = 2;
/** So many segments without another answer make a single answer doubtful. */
const CONTRADICTING_SEGMENTS = 6;
/** Sent together, before the SYN. Routers limit their answers (Linux: six at once, then one a second), so SYNs must be few. */
const BURST_SEGMENTS = 4;
/** After so many unanswered SYNs a hop counts as one that answers nobody. */
const UNANSWERED_CONTROLS = 6;
/** After so many tests of one hop, more would not settle it either. */
const TESTS_OF_A_HOP = 12;

/**
 * What to send next; null when nothing more would be learned. It halves the hops between the last that answers and the first that does
 * not, then makes sure of both. The few segments that may be in flight (the initial window: ten) would not reach for one hop after another.
 */
export function nextTest(path: Path, tests: readonly FlowTest[]): NextTest | null {
  const { last, first, between } = compare(path, tests);
  const middle = between[Math.floor((between.length - 1) / 2)];
  if (middle !== undefined) return { hop: middle.hop, segmentCount: 1, control: false };
  if (last !== null && last.answers < CONFIRMING_ANSWERS && last.testCount < TESTS_OF_A_HOP) {
    return { hop: last.hop, segmentCount: 1, control: last.silentLately };
  }
  if (first === null || first.testCount >= TESTS_OF_A_HOP) return null;
  if (first.rejections > 1 || first.silentSegments >= SILENT_SEGMENTS) return null;
  if (first.rejections > 0) return { hop: first.hop, segmentCount: 1, control: false };
  return { hop: first.hop, segmentCount: BURST_SEGMENTS, control: true };
}

/** Judges what was found. `remarks` say what else blurs it: why the tests ended before their time, what could not be read. */
export function decideDropper(path: Path, tests: readonly FlowTest[], remarks: readonly string[] = []): Dropper {
  const { last, first, between, hops } = compare(path, tests);
  const { target } = path;
  const doubtOf = (conclusion: string): string => [conclusion, ...remarks].join('; ');
  const unnamed = (why: string): Dropper => ({
    hop: null,
    address: null,
    lastAnsweringHop: null,
    lastAnsweringAddress: null,
    hops,
    doubt: doubtOf(why),
  });
  if (target?.hop === 1) return unnamed('the target is the next hop: there is none in between');
  const comparable = hops.some(({ hop, address }) => address !== null && hop !== target?.hop);
  if (!comparable) {
    const silent =
      target === null
        ? `none of the first ${plural(path.triedHops, 'hop')} answers a SYN that ends there, and the target is not among them`
        : `none of the ${plural(target.hop - 1, 'hop')} before the target answers a SYN that ends there`;
    return unnamed(`${silent}: there is nothing to compare the flow with`);
  }
  if (first === null && last === null) {
    return unnamed(
      tests.length === 0 ? 'no segment of the flow was sent' : 'the hops answer too rarely to be compared',
    );
  }
  const lastAnswering = { lastAnsweringHop: last?.hop ?? 0, lastAnsweringAddress: last?.address ?? null };
  const lower =
    last === null
      ? 'this host'
      : `hop ${last.hop}, which ${last.answers > 1 ? 'answers' : 'answered once'} for the flow,`;
  if (first === null) {
    const behind = target !== null && between.length === 0;
    const where =
      target === null
        ? `at hop ${last?.hop} or behind it`
        : `between hop ${last?.hop} and the target at hop ${target.hop}, or what the target says is dropped on the way back`;
    const conclusion =
      between.length > 0
        ? `hop ${last?.hop} answers for the flow, and those behind it were not tried`
        : `every hop that can be compared answers for the flow: it is dropped ${where}`;
    return {
      ...unnamed(conclusion),
      ...lastAnswering,
      hop: behind ? target.hop : null,
      address: behind ? target.address : null,
    };
  }
  const rejected = first.rejections > 0;
  if (!rejected && first.silentSegments < TOO_FEW_SEGMENTS) {
    const why = `hop ${first.hop} was silent to the flow, but not often enough while it answered SYNs`;
    return { ...unnamed(why), ...(last === null ? {} : lastAnswering) };
  }
  const upper = rejected
    ? `hop ${first.hop}, where segments of it are rejected`
    : `hop ${first.hop}, which was silent to all of ${plural(first.silentSegments, 'segment')} of it while it answered SYNs`;
  return {
    ...unnamed(`between ${lower} and ${upper}${whichOf(lastAnswering.lastAnsweringHop, first.hop)}`),
    ...lastAnswering,
    hop: first.hop,
    address: first.address,
  };
}

/** What tells the boxes apart between the last hop that answers and the first that does not, or why nothing does. */
function whichOf(lastHop: number, firstHop: number): string {
  if (firstHop > lastHop + 2) return `; hops ${lastHop + 1} to ${firstHop - 1} in between do not tell`;
  if (firstHop > lastHop + 1) return `; hop ${lastHop + 1} in between does not tell`;
  return lastHop === 0 ? '' : ': the former if it counts the TTL before it drops, as Linux does, otherwise the latter';
}

/** A hop that answers a SYN, and what the flow met there. */
interface ComparedHop {
  hop: number;
  address: string;
  testCount: number;
  answers: number;
  rejections: number;
  /** Segments without an answer that were followed by a SYN with one. */
  silentSegments: number;
  /** Whether it was silent after its last answer. */
  silentLately: boolean;
  /** Whether the flow gets there. `contradictory`: it answered once and then no more, or SYNs no more either, so it tells nothing. */
  reached: boolean | 'untried' | 'contradictory';
}

interface Comparison {
  /** The last hop that answers for the flow; null: none does. */
  last: ComparedHop | null;
  /** The first hop behind it that was tried and does not answer for the flow; null: there is none. */
  first: ComparedHop | null;
  /** The hops between these two, or behind the last, that have not been tried. */
  between: readonly ComparedHop[];
  hops: Hop[];
}

function compare({ answering, target, triedHops }: Path, tests: readonly FlowTest[]): Comparison {
  const before = answering.filter(({ hop }) => target === null || hop < target.hop);
  const compared = before.map(({ hop, address }) => compareHop({ hop, address }, tests));
  const last = compared.filter(({ reached }) => reached === true).at(-1) ?? null;
  const behind = compared.filter(({ hop }) => hop > (last?.hop ?? 0));
  const first = behind.find(({ reached }) => reached === false) ?? null;
  const between = behind.filter(({ hop, reached }) => reached === 'untried' && (first === null || hop < first.hop));
  const lastHop = target?.hop ?? Math.min(triedHops, before.at(-1)?.hop ?? 0);
  const hops = Array.from({ length: lastHop }, (_, index): Hop => {
    const hop = index + 1;
    const known = compared.find((candidate) => candidate.hop === hop);
    const address = known?.address ?? (hop === target?.hop ? target.address : null);
    return { hop, address, flowAnswered: typeof known?.reached === 'boolean' ? known.reached : null };
  });
  return { last, first, between, hops };
}

function compareHop({ hop, address }: { hop: number; address: string }, tests: readonly FlowTest[]): ComparedHop {
  const here = tests.filter((test) => test.hop === hop);
  const testCount = here.length;
  const answers = here.filter(({ answer }) => answer === 'expired').length;
  const rejections = here.filter(({ answer }) => answer === 'rejected').length;
  const silent = here.filter(({ answer }) => answer === 'silent');
  const silentSegments = proven(silent);
  const sinceAnswer = here.slice(here.findLastIndex(({ answer }) => answer === 'expired') + 1);
  const lately = sinceAnswer.filter(({ answer }) => answer === 'silent');
  const unansweredControls = silent.filter(({ controlAnswered }) => controlAnswered === false).length;
  const contradictory =
    answers === 0
      ? rejections === 0 && unansweredControls >= UNANSWERED_CONTROLS
      : answers < CONFIRMING_ANSWERS && (proven(lately) >= CONTRADICTING_SEGMENTS || rejections >= 2);
  const reached = testCount === 0 ? 'untried' : contradictory ? 'contradictory' : answers > 0;
  return { hop, address, testCount, answers, rejections, silentSegments, silentLately: lately.length > 0, reached };
}

/** The segments of silent tests whose silence means something. */
function proven(silent: readonly FlowTest[]): number {
  return silent.reduce(
    (sum, { segmentCount, controlAnswered }) => (controlAnswered === true ? sum + segmentCount : sum),
    0,
  );
}
