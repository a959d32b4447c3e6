import { setTimeout as sleep } from 'node:timers/promises';
import { KernelError } from '../../base/errors.ts';
import type { Libc } from '../../linux/libc.ts';
import { abandon, familyOf, lookAtConnecting, startConnecting } from '../../linux/ttl.ts';
import type { Dropper } from '../observation.ts';
import { decideDropper, type Path } from './decide-dropper.ts';
import { type Search, sweepFlow } from './flow-sweep.ts';

const MAX_HOPS = 30;
const TIMEOUT_MS = 30_000;
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

export interface LocateOptions {
  signal: AbortSignal;
  /** Hops to look at; default 30. */
  maxHops?: number;
  /** For everything; default 30 s. */
  timeoutMs?: number;
}

/**
 * Finds the hop that drops a stalled connection, without any rights: compares which hops answer SYNs of new connections with which answer
 * segments of this one. Takes 0.2 s when every hop answers, up to some seconds when some are silent or packets are lost.
 *
 * Only for a connection that has been judged stalled. Where keepalive probes do not tell (see `sweepFlow`), each segment carries a byte of
 * payload (NUL), which a living application would read and which the kernel goes on repeating: end the connection with a RST afterwards.
 * Its socket options are put back; the kernel may then find its probes used up, and end it. It must belong to this process's network
 * namespace, whose counters are read.
 *
 * What this host cannot do (no descriptors, no route) is said in `doubt`. Rejects only when aborted.
 */
export async function locateDropper(
  stalled: { fd(): number | null },
  { address, port }: { address: string; port: number },
  libc: Libc,
  { signal, maxHops = MAX_HOPS, timeoutMs = TIMEOUT_MS }: LocateOptions,
): Promise<Dropper> {
  const search: Search = { signal, untilMs: performance.now() + timeoutMs, remarks: [] };
  // An IPv4 address in IPv6 notation is reached by IPv4, with IPv4's TTL.
  const target = { address: address.replace(/^::ffff:(?=[\d.]+$)/i, ''), port };
  const { path, answerMs } = await sweepPath(target, libc, { ...search, maxHops });
  const flow = { fd: () => stalled.fd(), family: familyOf(target.address), target };
  const tests = await sweepFlow(flow, { path, answerMs }, libc, search);
  return decideDropper(path, tests, search.remarks);
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
