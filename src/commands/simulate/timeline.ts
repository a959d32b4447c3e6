/**
 * What the kernel's timers do to one connection, as a timeline: keepalive probes, retransmissions, window probes, and the end. Pure: the
 * clock is the timeline's own and begins with the last segment received (idle), the write (data in flight) or the acknowledgement that
 * closed the window (zero window). Follows tcp_keepalive_timer, tcp_retransmit_timer, retransmits_timed_out and tcp_probe_timer of
 * net/ipv4/tcp_timer.c, Linux 5.11 and later; test/lab/simulate.test.ts holds it against the kernel.
 */

import { probePeriodMs } from '../../keepalive/keepalive.ts';
import { modelledTimeoutMs, TCP_RTO_MAX_MS, TCP_RTO_MIN_MS } from '../../keepalive/kernel-timers.ts';
import type { Keepalive } from '../../report/values.ts';
import type { SimulatedEnd, SimulatedEvent } from './report.ts';

/** What decides the timers of one connection. */
export interface TimelineSettings {
  keepalive: Keepalive;
  /** net.ipv4.tcp_retries2. */
  retries2: number;
  /** Round trip; taken as steady. */
  rttMs: number;
  /** net.ipv4.tcp_rto_min_us. */
  rtoMinMs: number;
  /** net.ipv4.tcp_rto_max_ms. */
  rtoMaxMs: number;
}

/** What happens, and how it ends. */
export interface Timeline {
  events: SimulatedEvent[];
  end: SimulatedEnd;
}

/** Answered probes after which nothing new can come. */
const ANSWERED_ENOUGH = 4;
/** icsk_probes_out of include/net/inet_connection_sock.h has eight bits. */
const PROBES_OUT_WRAPS_AT = 256;
/** CONFIG_HZ of the distributions' kernels: how many ticks a second has. The rare one with 300 can be later still. */
const TICKS_PER_SECOND = [100, 250, 1000];
/** The longest tick of those. */
const LONGEST_TICK_MS = 10;

/**
 * The kernel's first retransmission timeout on a steady path: the round trip and, since the variance is never taken as less, the smallest
 * timeout (tcp_rtt_estimator in net/ipv4/tcp_input.c), in ticks of `tickMs`, rounded up.
 */
export function retransmissionTimeoutMs(
  { rttMs, rtoMinMs, rtoMaxMs }: Pick<TimelineSettings, 'rttMs' | 'rtoMinMs' | 'rtoMaxMs'>,
  tickMs = 1,
): number {
  // The kernel's estimate is never nothing, however short the path.
  const estimateMs = Math.max(rttMs, 0.001) + rtoMinMs;
  return Math.min(rtoMaxMs, Math.ceil(estimateMs / tickMs) * tickMs);
}

/**
 * How much later than asked for a timer of this length can fire, whichever of the usual ticks the kernel has: the timer wheel sorts longer waits into wider
 * slots and fires at the end of a slot (LVL_START and LVL_GRAN in kernel/time/timer.c). It never fires early.
 */
export function timerLatenessMs(waitMs: number): number {
  return Math.max(
    ...TICKS_PER_SECOND.map((hz) => {
      const ticks = (waitMs * hz) / 1000;
      let slot = 1;
      while (ticks >= 63 * slot) slot *= 8;
      return (slot * 1000) / hz;
    }),
  );
}

/** Who answers the keepalive probes of an idle connection. */
interface IdlePath {
  peer: 'answers' | 'dead';
  /** The idle timeout of a middlebox that each probe restarts and that drops in silence what it has forgotten; null: none. */
  middleboxTimeoutMs: number | null;
}

/**
 * An idle connection, from the last segment received on. The way to the middlebox counts as none. `alive` when the probes go on being
 * answered; `unnoticed` when keepalive is off, so that nothing is ever sent that could find out.
 */
export function simulateIdle(
  { keepalive, rttMs }: Pick<TimelineSettings, 'keepalive' | 'rttMs'>,
  { peer, middleboxTimeoutMs }: IdlePath,
): Timeline {
  const { idleMs, intervalMs, count, userTimeoutMs } = keepalive;
  const log = openLog();
  if (!keepalive.enabled) {
    if (middleboxTimeoutMs !== null) log.add('middlebox-forgets', middleboxTimeoutMs);
    const dies = peer === 'dead' || middleboxTimeoutMs !== null;
    return { events: log.events, end: { kind: dies ? 'unnoticed' : 'alive' } };
  }
  let lastReceivedMs = 0;
  let lastSeenByBoxMs = 0;
  let forgotten = false;
  let probesOut = 0;
  let answeredCount = 0;
  const answersDueMs: number[] = [];
  // How much later it can be by now than the timeline says, in all and since the last segment received.
  let lateMs = 0;
  let lateSinceReceivedMs = 0;
  let earliestMs: number | null = null;
  let nowMs = 0;
  const wait = (ms: number, latenessMs: number): void => {
    nowMs += ms;
    lateMs += latenessMs;
    lateSinceReceivedMs += latenessMs;
  };
  const intervalLatenessMs = timerLatenessMs(intervalMs);
  wait(idleMs, timerLatenessMs(idleMs));
  for (;;) {
    for (let due = answersDueMs[0]; due !== undefined && due <= nowMs; due = answersDueMs[0]) {
      answersDueMs.shift();
      lastReceivedMs = due;
      lateSinceReceivedMs = 0;
      earliestMs = null;
      probesOut = 0;
      answeredCount += 1;
    }
    const elapsedMs = nowMs - lastReceivedMs;
    if (elapsedMs < idleMs) {
      wait(idleMs - elapsedMs, timerLatenessMs(idleMs - elapsedMs));
      continue;
    }
    if (userTimeoutMs === 0 ? probesOut >= count : elapsedMs >= userTimeoutMs && probesOut > 0) {
      const by = userTimeoutMs === 0 ? 'probe-count' : 'user-timeout';
      return { events: log.events, end: givenUp(by, nowMs, earliestMs, lateMs) };
    }
    // A timer that fires late may find the user timeout passed one probe sooner.
    if (userTimeoutMs > 0 && probesOut > 0 && elapsedMs + lateSinceReceivedMs >= userTimeoutMs)
      earliestMs ??= lastReceivedMs + userTimeoutMs;
    if (middleboxTimeoutMs !== null && !forgotten && nowMs - lastSeenByBoxMs >= middleboxTimeoutMs) {
      forgotten = true;
      log.add('middlebox-forgets', lastSeenByBoxMs + middleboxTimeoutMs);
    }
    const answered = peer === 'answers' && !forgotten;
    log.add(answered ? 'probe-answered' : 'probe-unanswered', nowMs);
    probesOut = (probesOut + 1) % PROBES_OUT_WRAPS_AT;
    if (answered) {
      lastSeenByBoxMs = nowMs;
      answersDueMs.push(nowMs + rttMs);
      if (answeredCount >= ANSWERED_ENOUGH) return { events: log.events, end: { kind: 'alive' } };
    }
    wait(intervalMs, intervalLatenessMs);
  }
}

/** How far apart answered probes are: `probePeriodMs`, where silence begins with the answer to the probe before. */
export function steadyPeriodMs({ keepalive, rttMs }: Pick<TimelineSettings, 'keepalive' | 'rttMs'>): number {
  return probePeriodMs({ ...keepalive, idleMs: keepalive.idleMs + rttMs });
}

/**
 * One small segment written to a peer that is dead, or into a middlebox that has forgotten the connection, until the kernel gives up. While
 * data is unacknowledged no keepalive probe is sent. With SACK and tcp_early_retrans, the defaults, a tail loss probe comes first, after one
 * retransmission timeout (tcp_schedule_loss_probe in net/ipv4/tcp_output.c); time counts from the first retransmission, one timeout later.
 */
export function simulateDataInFlight(settings: TimelineSettings): Timeline {
  const { retries2, rtoMaxMs } = settings;
  const { userTimeoutMs } = settings.keepalive;
  const log = openLog();
  const limitMs = userTimeoutMs === 0 ? modelledTimeoutMs(retries2, rtoMaxMs) : userTimeoutMs;
  const soonest = firstTimeoutsMs(settings, 1, () => 0);
  const latest = firstTimeoutsMs(settings, LONGEST_TICK_MS, timerLatenessMs);
  log.add('loss-probe', soonest.rtoMs);
  // From the first retransmission on.
  let [atMs, latestAtMs] = [0, 0];
  let [rtoMs, latestRtoMs] = [soonest.rtoMs, latest.rtoMs];
  let earliestMs: number | null = null;
  while (atMs < limitMs) {
    if (latestAtMs >= limitMs) earliestMs ??= soonest.secondMs + limitMs;
    log.add('retransmission', soonest.secondMs + atMs);
    rtoMs = Math.min(2 * rtoMs, rtoMaxMs);
    latestRtoMs = Math.min(2 * latestRtoMs, rtoMaxMs);
    const clamp = (ms: number, passedMs: number): number =>
      userTimeoutMs === 0 ? ms : Math.min(ms, Math.max(1, userTimeoutMs - passedMs));
    const longWaitMs = clamp(latestRtoMs, latestAtMs);
    latestAtMs += longWaitMs + timerLatenessMs(longWaitMs);
    atMs += clamp(rtoMs, atMs);
  }
  const endMs = soonest.secondMs + atMs;
  const by = userTimeoutMs === 0 ? 'retries' : 'user-timeout';
  return { events: log.events, end: givenUp(by, endMs, earliestMs, latest.secondMs + latestAtMs - endMs) };
}

/** The first timeout and when the second one fires, with timers that are late by `lateness`. */
function firstTimeoutsMs(settings: TimelineSettings, tickMs: number, lateness: (waitMs: number) => number) {
  const rtoMs = retransmissionTimeoutMs(settings, tickMs);
  return { rtoMs, secondMs: 2 * (rtoMs + lateness(rtoMs)) };
}

/**
 * More data waits than the peer's closed window lets out, from the acknowledgement that closed it on. Window probes go at doubling
 * intervals. A peer that answers them keeps the connection for ever, without a user timeout: with one, that decides even while they are
 * answered (icsk_probes_tstamp, which only an opened window clears).
 */
export function simulateZeroWindow(settings: TimelineSettings, peer: 'answers' | 'dead'): Timeline {
  const { retries2, rttMs, rtoMaxMs } = settings;
  const { userTimeoutMs } = settings.keepalive;
  const log = openLog();
  const baseMs = (tickMs: number): number => Math.max(retransmissionTimeoutMs(settings, tickMs), TCP_RTO_MIN_MS);
  const mostDoublings = Math.floor(Math.log2(TCP_RTO_MAX_MS / TCP_RTO_MIN_MS)) + 1;
  let nowMs = baseMs(1);
  let latestMs = baseMs(LONGEST_TICK_MS) + timerLatenessMs(baseMs(LONGEST_TICK_MS));
  const firstMs = nowMs;
  const latestFirstMs = latestMs;
  let probesOut = 0;
  let backoff = 0;
  for (let probeCount = 0; ; probeCount++) {
    if (userTimeoutMs > 0 && probeCount > 0 && nowMs - firstMs >= userTimeoutMs)
      return { events: log.events, end: givenUp('user-timeout', nowMs, null, latestMs - nowMs) };
    if (probesOut >= retries2) return { events: log.events, end: givenUp('retries', nowMs, null, latestMs - nowMs) };
    log.add(peer === 'answers' ? 'window-probe-answered' : 'window-probe-unanswered', nowMs);
    probesOut += 1;
    backoff = Math.min(backoff + 1, retries2);
    const wait = (atMs: number, sinceMs: number, tickMs: number): number => {
      const plainMs = Math.min(baseMs(tickMs) * 2 ** Math.min(backoff, mostDoublings), rtoMaxMs);
      return userTimeoutMs === 0 ? plainMs : Math.min(plainMs, Math.max(2, userTimeoutMs - (atMs - sinceMs)));
    };
    if (peer === 'answers') {
      probesOut = 0;
      if (userTimeoutMs === 0 && probeCount >= ANSWERED_ENOUGH) return { events: log.events, end: { kind: 'alive' } };
      // The answer starts the timer again; one that comes after the next probe is too late for that.
      nowMs += Math.min(rttMs, wait(nowMs, firstMs, 1));
      latestMs += Math.min(rttMs, wait(latestMs, latestFirstMs, LONGEST_TICK_MS));
    }
    const longWaitMs = wait(latestMs, latestFirstMs, LONGEST_TICK_MS);
    latestMs += longWaitMs + timerLatenessMs(longWaitMs);
    nowMs += wait(nowMs, firstMs, 1);
  }
}

/** `lateMs`: how much later than `atMs` it can be. */
function givenUp(
  by: Extract<SimulatedEnd, { kind: 'given-up' }>['by'],
  atMs: number,
  earliestMs: number | null,
  lateMs: number,
): SimulatedEnd {
  return { kind: 'given-up', by, atMs, earliestMs: earliestMs ?? atMs, latestMs: atMs + Math.max(0, lateMs) };
}

/** Collects what happens; three and more of the same at an even pace become one entry. */
function openLog(): { events: SimulatedEvent[]; add(event: SimulatedEvent['event'], atMs: number): void } {
  const events: SimulatedEvent[] = [];
  const isEven = (apartMs: number, everyMs: number): boolean => Math.abs(apartMs - everyMs) < 0.001;
  return {
    events,
    add: (event, atMs) => {
      const [before, last] = [events.at(-2), events.at(-1)];
      if (last?.event === event) {
        const apartMs = atMs - last.lastAtMs;
        if (last.everyMs !== null && isEven(apartMs, last.everyMs)) {
          last.lastAtMs = atMs;
          last.count += 1;
          return;
        }
        if (
          last.count === 1 &&
          before?.event === event &&
          before.count === 1 &&
          isEven(apartMs, last.atMs - before.atMs)
        ) {
          events.splice(-2, 2, { event, atMs: before.atMs, count: 3, everyMs: apartMs, lastAtMs: atMs });
          return;
        }
      }
      events.push({ event, atMs, count: 1, everyMs: null, lastAtMs: atMs });
    },
  };
}
