import { setTimeout as sleep } from 'node:timers/promises';
import { KernelError } from '../errors.ts';
import { type IcmpCounters, readIcmpCounters } from '../linux/icmp-counters.ts';
import type { Libc } from '../linux/libc.ts';
import { readTcpInfo } from '../linux/tcp-info.ts';
import {
  abandon,
  familyOf,
  limitHops,
  lookAtConnecting,
  prepareForSweep,
  sendByte,
  startConnecting,
  takeError,
} from '../linux/ttl.ts';
import { decideDropper, type FlowTest, type NextTest, nextTest, type Path } from '../policy/dropper.ts';
import type { Dropper } from '../report.ts';

const MAX_HOPS = 30;
const TIMEOUT_MS = 20_000;
/** The target answers those of its own hop and behind it with a connection each, which is dissolved at once. */
const SYNS_AT_ONCE = 6;
/** A hop that was silent is asked again, twice at once. */
const REPEATED_SYNS = 2;
const REPEATED_SYNS_AT_ONCE = 16;
/** TCP_TIMEOUT_INIT (net/tcp.h): the kernel repeats a SYN after this. */
const SYN_REPEATED_MS = 1000;
/** Room for the answer to the repeated SYN. */
const SYN_WAIT_MS = 1500;
const LOOK_MS = 4;
/** How long a hop is given to answer for the flow: a multiple of what it took to answer a SYN. */
const PATIENCE = 2;
const MIN_WAIT_MS = 40;
const MAX_WAIT_MS = 1500;
/** The kernel's own retransmissions come ever more rarely: waiting for more of them is not worth it. */
const SWEEP_TIMEOUT_MS = 8000;
/** With the answers that cannot be told apart, a sweep might not end. */
const MAX_TESTS = 60;

export interface LocateOptions {
  signal: AbortSignal;
  /** Hops to look at; default 30. */
  maxHops?: number;
  /** For everything; default 20 s. */
  timeoutMs?: number;
}

/**
 * Finds the hop that drops a stalled connection, without any rights: compares which hops answer SYNs of new connections with which answer
 * segments of this one. Takes about half a second when every hop answers, up to some seconds when some are silent or packets are lost.
 *
 * Only for a connection that has been judged stalled: each segment carries a byte of payload (NUL), which a living application would read,
 * and which the kernel goes on repeating; end the connection with a RST afterwards. Its TTL, TCP_NODELAY and TCP_USER_TIMEOUT are put back.
 *
 * What this host cannot do (no descriptors, no route) is said in `doubt`. Rejects only when aborted.
 */
export async function locateDropper(
  stalled: { fd(): number | null },
  { address, port }: { address: string; port: number },
  libc: Libc,
  { signal, maxHops = MAX_HOPS, timeoutMs = TIMEOUT_MS }: LocateOptions,
): Promise<Dropper> {
  const untilMs = performance.now() + timeoutMs;
  // An IPv4 address in IPv6 notation is reached by IPv4, with IPv4's TTL.
  const target = { address: address.replace(/^::ffff:(?=[\d.]+$)/i, ''), port };
  const remarks: string[] = [];
  const { path, answerMs } = await sweepPath(target, libc, { signal, maxHops, untilMs, remarks });
  const tests = await sweepFlow(stalled, { family: familyOf(target.address), path, answerMs }, libc, {
    signal,
    untilMs: Math.min(untilMs, performance.now() + SWEEP_TIMEOUT_MS),
    remarks,
  });
  return decideDropper(path, tests, remarks);
}

interface Search {
  signal: AbortSignal;
  untilMs: number;
  /** What blurs the answer besides what is measured; added to. */
  remarks: string[];
}

/** One connection attempt whose packets end at a hop. */
interface Attempt {
  hop: number;
  fd: number;
  startedAtMs: number;
}

/** What is known of the path while it is being looked at. */
interface PathSweep {
  answers: Map<number, { address: string; afterMs: number }>;
  /** The nearest hop at which a connection was made or refused. */
  targetHop: number;
  /** The nearest hop at which a SYN was rejected by a box before it: nothing is seen from there on. */
  barredHop: number;
  /** The farthest hop that was asked. */
  triedHop: number;
}

/** Asks each hop with the SYN of a new connection, several at a time, until one gets to the target; those that are silent once more. */
async function sweepPath(
  target: { address: string; port: number },
  libc: Libc,
  { maxHops, ...search }: Search & { maxHops: number },
): Promise<{ path: Path; answerMs: ReadonlyMap<number, number> }> {
  const nowhere = Number.POSITIVE_INFINITY;
  const sweep: PathSweep = { answers: new Map(), targetHop: nowhere, barredHop: nowhere, triedHop: 0 };
  const hops = Array.from({ length: maxHops }, (_, index) => index + 1);
  await askHops(target, hops, sweep, { ...search, libc, atOnce: SYNS_AT_ONCE });
  const again = hops.filter((hop) => isOpen(sweep, hop)).flatMap((hop) => Array<number>(REPEATED_SYNS).fill(hop));
  await askHops(target, again, sweep, { ...search, libc, atOnce: REPEATED_SYNS_AT_ONCE });

  const endHop = Math.min(sweep.targetHop, sweep.barredHop);
  const answers = [...sweep.answers].filter(([hop]) => hop < endHop).sort(([one], [other]) => one - other);
  return {
    path: {
      answering: answers.map(([hop, { address }]) => ({ hop, address })),
      target: sweep.targetHop === endHop && endHop <= maxHops ? { hop: endHop, address: target.address } : null,
      triedHops: Math.min(sweep.triedHop, endHop - 1),
    },
    answerMs: new Map(answers.map(([hop, { afterMs }]) => [hop, afterMs])),
  };
}

/** Reports whether it is still not known what a hop answers. */
function isOpen({ answers, targetHop, barredHop }: PathSweep, hop: number): boolean {
  return hop < targetHop && hop < barredHop && !answers.has(hop);
}

/** Asks those hops for which there is need, in that order. Leaves no socket behind. */
async function askHops(
  target: { address: string; port: number },
  hops: readonly number[],
  sweep: PathSweep,
  { libc, atOnce, signal, untilMs, remarks }: Search & { libc: Libc; atOnce: number },
): Promise<void> {
  const running = new Set<Attempt>();
  const end = (attempt: Attempt): void => {
    running.delete(attempt);
    abandon(libc, attempt.fd);
  };
  let queue = [...hops];
  try {
    for (;;) {
      signal.throwIfAborted();
      const startedAtMs = performance.now();
      queue = startedAtMs < untilMs ? queue.filter((hop) => isOpen(sweep, hop)) : [];
      for (const hop of queue.splice(0, atOnce - running.size)) {
        running.add({ hop, fd: startConnecting(libc, target, hop), startedAtMs });
        sweep.triedHop = Math.max(sweep.triedHop, hop);
      }
      for (const attempt of running) if (look(attempt, target, sweep, libc)) end(attempt);
      const nowMs = performance.now();
      for (const attempt of running) {
        const over = nowMs > untilMs || nowMs - attempt.startedAtMs > SYN_WAIT_MS;
        if (over || !isOpen(sweep, attempt.hop)) end(attempt);
      }
      if (running.size === 0 && queue.length === 0) return;
      await sleep(LOOK_MS, undefined, { signal });
    }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    if (!remarks.includes(error.message)) remarks.push(error.message);
  } finally {
    for (const attempt of running) end(attempt);
  }
}

/** Looks at one attempt, notes what it tells, and reports whether it has told all it can. */
function look({ hop, fd, startedAtMs }: Attempt, target: { address: string }, sweep: PathSweep, libc: Libc): boolean {
  const state = lookAtConnecting(libc, fd);
  switch (state.kind) {
    case 'waiting':
      return false;
    case 'reached':
      sweep.targetHop = Math.min(sweep.targetHop, hop);
      return true;
    case 'time-exceeded': {
      const tookMs = performance.now() - startedAtMs;
      const afterMs = tookMs < SYN_REPEATED_MS ? tookMs : tookMs - SYN_REPEATED_MS;
      sweep.answers.set(hop, { address: state.address, afterMs });
      return true;
    }
    case 'unreachable':
      if (state.address === target.address) sweep.targetHop = Math.min(sweep.targetHop, hop);
      else sweep.barredHop = Math.min(sweep.barredHop, hop);
      return true;
    case 'failed':
      return true;
    default:
      return state satisfies never;
  }
}

/** What a test came to; `ended`: the connection is gone for this reason, there can be no more tests. */
type TestResult = { answer: FlowTest['answer'] | 'unclear'; segmentCount: number; ended: string | null };

/** Sends segments of the flow that end at one hop or another, as long as that tells anything. */
async function sweepFlow(
  stalled: { fd(): number | null },
  { family, path, answerMs }: { family: 4 | 6; path: Path; answerMs: ReadonlyMap<number, number> },
  libc: Libc,
  { signal, untilMs, remarks }: Search,
): Promise<FlowTest[]> {
  const tests: FlowTest[] = [];
  if (nextTest(path, tests) === null) return tests;
  if (family === 4 && readIcmpCounters(family) === null)
    remarks.push('without /proc/net/snmp a rejection by ICMP cannot be told from an answer');
  let restore: ((fd: number) => void) | null = null;
  try {
    const fd = stalled.fd();
    if (fd !== null) restore = prepareForSweep(libc, fd, family);
    for (let count = 0; ; count += 1) {
      const next = nextTest(path, tests);
      if (next === null) break;
      if (count >= MAX_TESTS || performance.now() >= untilMs) {
        remarks.push('the time was over before enough segments had been sent');
        break;
      }
      const waitMs = Math.min(MAX_WAIT_MS, Math.max(MIN_WAIT_MS, PATIENCE * (answerMs.get(next.hop) ?? 0)));
      const { answer, segmentCount, ended } = await testFlow(stalled, next, { libc, family, waitMs, signal, untilMs });
      if (answer !== 'unclear') tests.push({ hop: next.hop, segmentCount, answer });
      if (ended !== null) {
        remarks.push(`the connection ended during the search (${ended})`);
        break;
      }
    }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    remarks.push(error.message);
  } finally {
    const fd = stalled.fd();
    if (fd !== null) restore?.(fd);
  }
  return tests;
}

/**
 * Sends segments that end at one hop and waits for an answer. When the window is full the kernel sends nothing new: then its next
 * retransmission, which ends at that hop as well, is the test. Both are counted by tcpi_segs_out.
 */
async function testFlow(
  stalled: { fd(): number | null },
  { hop, segmentCount }: NextTest,
  context: Omit<Search, 'remarks'> & { libc: Libc; family: 4 | 6; waitMs: number },
): Promise<TestResult> {
  const { libc, family, waitMs, signal, untilMs } = context;
  const gone = (why: string): TestResult => ({ answer: 'unclear', segmentCount: 0, ended: why });
  const fd = stalled.fd();
  if (fd === null) return gone('it was closed');
  limitHops(libc, fd, family, hop);
  takeError(libc, fd); // of an earlier segment
  const before = readIcmpCounters(family);
  const sentBefore = readTcpInfo(libc, fd).segmentsOut ?? 0;
  const sentSince = (fd: number): number => (readTcpInfo(libc, fd).segmentsOut ?? 0) - sentBefore;
  for (let sent = 0; sent < segmentCount && sentSince(fd) === sent; sent += 1) sendByte(libc, fd);
  let sent = sentSince(fd);
  let sentAtMs = performance.now();
  for (;;) {
    await sleep(LOOK_MS / 2, undefined, { signal });
    const nowMs = performance.now();
    const fd = stalled.fd();
    if (fd === null) return gone('it was closed');
    const error = takeError(libc, fd);
    if (!readTcpInfo(libc, fd).established) {
      return error === 'ECONNRESET'
        ? { answer: 'rejected', segmentCount: sent, ended: error }
        : gone(error ?? 'it was closed');
    }
    const sentByNow = sentSince(fd);
    if (sentByNow > sent) sentAtMs = nowMs;
    sent = sentByNow;
    if (error !== null) {
      const answer = classify(error, before, readIcmpCounters(family));
      // The answers to the other segments of this test must not be taken for answers to the next.
      if (sent > 1) await sleep(waitMs, undefined, { signal });
      return { answer, segmentCount: sent, ended: null };
    }
    if (sent > 0 && nowMs - sentAtMs >= waitMs) return { answer: 'silent', segmentCount: sent, ended: null };
    if (nowMs >= untilMs) return { answer: 'unclear', segmentCount: 0, ended: null };
  }
}

/** What an ICMP error about the flow says. The counters settle it where the errno does not, unless both kinds came at once. */
function classify(errno: string, before: IcmpCounters | null, after: IcmpCounters | null): TestResult['answer'] {
  if (errno !== 'EHOSTUNREACH') return 'rejected';
  if (before === null || after === null) return 'expired';
  const expired = after.timeExceeded > before.timeExceeded;
  const rejected = after.unreachable > before.unreachable;
  return expired === rejected ? 'unclear' : expired ? 'expired' : 'rejected';
}
