import { setTimeout as sleep } from 'node:timers/promises';
import { KernelError } from '../../base/errors.ts';
import type { Libc } from '../../linux/libc.ts';
import { lockNamespace } from '../../linux/namespace-lock.ts';
import { readIcmpCounters } from '../../linux/procfs/icmp-counters.ts';
import { readTcpInfo } from '../../linux/tcp-info.ts';
import {
  abandon,
  limitHops,
  lookAtConnecting,
  type Means,
  prepareForSweep,
  provokeSegment,
  startConnecting,
  takeError,
} from '../../linux/ttl.ts';
import { classifyAnswer, type FlowAnswer } from './classify-icmp.ts';
import { type FlowTest, type NextTest, nextTest, type Path } from './decide-dropper.ts';

const LOOK_MS = 2;
/** How long a hop is given to answer for the flow: a multiple of what it took to answer a SYN. */
const PATIENCE = 2;
const MIN_WAIT_MS = 40;
const MAX_WAIT_MS = 1500;
/** Within this, which is more than a tick of any kernel's clock, a provoked segment has left, or will not. */
const TICK_MS = 30;
/** The same for the first probe, on a host whose kernel has much else to do: its timers wait for their turn there. */
const NO_PROBE_MS = 300;
/** A hop that answers nobody for the moment is given time: Linux allows one answer a second (icmp_ratelimit). */
const RATE_LIMIT_MS = 1000;
/** The kernel's own retransmissions come ever more rarely: waiting for more of them is not worth it. */
const SWEEP_TIMEOUT_MS = 10_000;
/** With answers that cannot be told apart a sweep might not end. */
const MAX_TESTS = 60;
/** Unanswered probes before the kernel ends the connection (TCP_KEEPCNT is 127), with a margin. */
const MAX_PROBES = 110;

/** The stalled connection. */
export interface Flow {
  /** null: it is closed. */
  fd(): number | null;
  family: 4 | 6;
  target: { address: string; port: number };
}

/** How to go about it. */
export interface Search {
  signal: AbortSignal;
  /** On performance.now()'s clock. */
  untilMs: number;
  /** What blurs the answer besides what is measured; added to. */
  remarks: string[];
}

/**
 * Sends segments of a stalled connection that end at one hop or another, as long as that tells anything, and returns what they drew.
 *
 * Keepalive probes are tried first: they carry nothing and may be as many as one likes. Errors about them only show in counters of the whole
 * namespace, so one sweep at a time may do so. Where they cannot be sent (data is unacknowledged) or counted, segments with a byte of
 * payload are: the socket itself tells about them, but of those no more than a window may leave.
 */
export async function sweepFlow(
  flow: Flow,
  known: { path: Path; answerMs: ReadonlyMap<number, number> },
  libc: Libc,
  search: Search,
): Promise<FlowTest[]> {
  if (nextTest(known.path, []) === null) return [];
  if (readIcmpCounters(flow.family) !== null) {
    const tests = await sweepWith('keepalive', flow, known, libc, search);
    if (tests !== null) return tests;
  } else if (flow.family === 4) {
    search.remarks.push('without /proc/net/snmp a rejection by ICMP cannot be told from an answer');
  }
  return (await sweepWith('bytes', flow, known, libc, search)) ?? [];
}

/** null: no segment leaves by these means. */
async function sweepWith(
  means: Means,
  flow: Flow,
  { path, answerMs }: { path: Path; answerMs: ReadonlyMap<number, number> },
  libc: Libc,
  { signal, untilMs: endMs, remarks }: Search,
): Promise<FlowTest[] | null> {
  const tests: FlowTest[] = [];
  const untilMs = Math.min(endMs, performance.now() + SWEEP_TIMEOUT_MS);
  let restore: ((fd: number) => void) | null = null;
  let wasUnanswered = false;
  try {
    const fd = flow.fd();
    if (fd !== null) restore = prepareForSweep(libc, fd, flow.family, means);
    for (let count = 0; ; count += 1) {
      const next = nextTest(path, tests);
      if (next === null) break;
      const release = means === 'bytes' ? () => {} : await lockNamespace('sweep', { signal, untilMs });
      if (release === null && tests.length === 0) return null;
      if (release === null || count >= MAX_TESTS || performance.now() >= untilMs) {
        release?.();
        remarks.push('the time was over before enough segments had been sent');
        break;
      }
      const waitMs = Math.min(MAX_WAIT_MS, Math.max(MIN_WAIT_MS, PATIENCE * (answerMs.get(next.hop) ?? 0)));
      const result = await testFlow(means, flow, next, { libc, waitMs, signal, untilMs }).finally(release);
      if (result.kind === 'nothing-leaves') {
        if (tests.length === 0) return null;
        remarks.push('no more segments left this host');
        break;
      }
      if (result.kind === 'ended') {
        if (result.answer !== null) tests.push(result.answer);
        remarks.push(`the connection ended during the search${result.errno === null ? '' : ` (${result.errno})`}`);
        break;
      }
      const { segmentCount, answer, controlAnswered } = result;
      if (answer !== 'unclear') tests.push({ hop: next.hop, segmentCount, answer, controlAnswered });
      const unanswered = answer === 'silent' && controlAnswered === false;
      // Once may be a loss.
      if (unanswered && wasUnanswered) await sleep(RATE_LIMIT_MS, undefined, { signal });
      wasUnanswered = unanswered;
    }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    remarks.push(error.message);
  } finally {
    const fd = flow.fd();
    if (fd !== null) restore?.(fd);
  }
  return tests;
}

type TestResult =
  | { kind: 'tested'; segmentCount: number; answer: FlowTest['answer'] | 'unclear'; controlAnswered: boolean | null }
  | { kind: 'nothing-leaves' }
  /** `answer`: what ended it, if a box said so. */
  | { kind: 'ended'; errno: string | null; answer: FlowTest | null };

/**
 * Sends segments that end at one hop, and after them perhaps a SYN that does too, and waits for what they draw. Whatever leaves is counted
 * by tcpi_segs_out: when the window is full, the test is the kernel's next retransmission, which ends at that hop as well.
 */
async function testFlow(
  means: Means,
  flow: Flow,
  { hop, segmentCount, control }: NextTest,
  { libc, waitMs, signal, untilMs }: { libc: Libc; waitMs: number } & Omit<Search, 'remarks'>,
): Promise<TestResult> {
  const fd = flow.fd();
  if (fd === null) return { kind: 'ended', errno: null, answer: null };
  limitHops(libc, fd, flow.family, hop);
  takeError(libc, fd); // of an earlier segment
  const before = readIcmpCounters(flow.family);
  const { segmentsOut: start, unansweredProbes, unackedSegments } = readTcpInfo(libc, fd);
  if (start === null || unansweredProbes > MAX_PROBES) return { kind: 'nothing-leaves' };

  // None is sent while data is unacknowledged (tcp_keepalive_timer in net/ipv4/tcp_timer.c), and what else can be must be so at once.
  const isPending = (unackedSegments ?? 0) > 0;
  const noProbeMs = isPending ? 0 : NO_PROBE_MS;
  let provoked = 0;
  let sent = 0;
  let sentAtMs = performance.now();
  let provokedAtMs = sentAtMs;
  let syn: number | null = null;
  let controlAnswered = false;
  try {
    for (;;) {
      const fd = flow.fd();
      if (fd === null) return { kind: 'ended', errno: null, answer: null };
      // The clock first: time in which this program was held up must not count as time in which nothing was seen to leave.
      const nowMs = performance.now();
      const { state, segmentsOut } = readTcpInfo(libc, fd);
      if (state !== 'established') return endOf(takeError(libc, fd), hop, sent);
      if ((segmentsOut ?? 0) - start > sent) {
        sent = (segmentsOut ?? 0) - start;
        sentAtMs = nowMs;
      }
      const tickOver = nowMs - provokedAtMs > TICK_MS;
      if (provoked < segmentCount && provoked <= sent) {
        provokeSegment(libc, fd, means);
        provoked += 1;
        provokedAtMs = nowMs;
        if (means === 'bytes') continue; // it has left by now, or will not before the window opens
      } else if (sent === 0 && nowMs - provokedAtMs >= noProbeMs && means === 'keepalive') {
        return { kind: 'nothing-leaves' };
      }
      const allSent = sent >= segmentCount || (sent > 0 && tickOver);
      if (control && allSent && syn === null) syn = startConnecting(libc, flow.target, hop);

      // The counters first: the answer to the SYN must not be counted as one to the flow.
      const errno = takeError(libc, fd);
      const counters = readIcmpCounters(flow.family);
      if (syn !== null && !controlAnswered) controlAnswered = lookAtConnecting(libc, syn).kind === 'time-exceeded';
      const answer = classifyAnswer({
        means,
        errno,
        before,
        after: counters,
        sent,
        synAnswers: controlAnswered ? 1 : 0,
      });
      const tested = (answer: FlowAnswer | 'silent'): TestResult => ({
        kind: 'tested',
        segmentCount: sent,
        answer,
        controlAnswered: syn === null ? null : controlAnswered,
      });
      if (answer !== null) {
        // The answers to the other segments of this test must not be taken for answers to the next.
        if (sent > 1 || syn !== null) await sleep(waitMs, undefined, { signal });
        return tested(answer);
      }
      if (allSent && nowMs - sentAtMs >= waitMs) return tested('silent');
      if (nowMs >= untilMs) return { kind: 'tested', segmentCount: sent, answer: 'unclear', controlAnswered: null };
      await sleep(LOOK_MS, undefined, { signal });
    }
  } finally {
    if (syn !== null) abandon(libc, syn);
  }
}

function endOf(errno: string | null, hop: number, segmentCount: number): TestResult {
  const rejected = errno === 'ECONNRESET' && segmentCount > 0;
  return {
    kind: 'ended',
    errno,
    answer: rejected ? { hop, segmentCount, answer: 'rejected', controlAnswered: null } : null,
  };
}
