import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatDuration, plural } from '../base/units.ts';
import type { Libc } from '../linux/libc.ts';
import { descriptorOf, writeKeepalive } from '../linux/socket-options.ts';
import { readTcpInfo } from '../linux/tcp-info.ts';
import { type Unmeasured, unmeasured } from '../report/values.ts';
import { observeProbing, type ProbeSample, progressFrom } from './probe-verdict.ts';
import { awaitEnd, type Watch } from './watch-end.ts';

/** The shortest that the kernel allows: TCP_KEEPIDLE and TCP_KEEPINTVL are whole seconds. */
const IDLE_MS = 1000;
const INTERVAL_MS = 1000;
/** The kernel's timers fire late by up to an eighth of their length. */
const LATE_TIMERS = 1.125;
/** What a peer's greeting may delay the first probe by. */
const GREETING_MS = 3000;
/** TCP_KEEPCNT's maximum: the kernel must not end the connection before the search does. */
const NEVER_GIVE_UP = 127;

/** An answer to keepalive probes, before anything else is asked about it. */
export type ProbeAnswer =
  | { kind: 'answered'; afterMs: number; probeCount: number }
  | { kind: 'unanswered'; afterMs: number; probeCount: number }
  | Unmeasured;

/**
 * Has the kernel send keepalive probes on an established connection, one a second, and says whether the far end acknowledges them. Sends
 * no payload and speaks no protocol. The connection's own keepalive settings are gone afterwards. Rejects only when aborted.
 */
export async function probeKeepalive(
  socket: Socket,
  watch: Watch,
  libc: Libc,
  { probeCount, signal }: { probeCount: number; signal: AbortSignal },
): Promise<ProbeAnswer> {
  const fd = descriptorOf(socket);
  if (fd === null) return whyNot(watch, signal);
  const refused = writeKeepalive(libc, fd, {
    enabled: true,
    idleMs: IDLE_MS,
    intervalMs: INTERVAL_MS,
    count: NEVER_GIVE_UP,
    userTimeoutMs: 0,
  });
  if (refused.length > 0)
    return unmeasured(`the kernel refused ${refused.map(({ option, errno }) => `${option} (${errno})`).join(', ')}`);
  const plan = { idleMs: IDLE_MS, intervalMs: INTERVAL_MS, probeCount };
  const giveUpAtMs = performance.now() + IDLE_MS + GREETING_MS + (probeCount + 1) * INTERVAL_MS * LATE_TIMERS;
  const first = look(socket, libc);
  if (first === null) return whyNot(watch, signal);
  let progress = progressFrom(first);
  let untilMs = first.atMs;
  for (;;) {
    await sleep(Math.max(1, untilMs - performance.now()), undefined, { signal });
    const sample = look(socket, libc);
    if (sample === null || watch.ended() !== null || watch.flooded()) return whyNot(watch, signal);
    const step = observeProbing(progress, sample, plan);
    if (step.verdict.kind !== 'wait') return step.verdict;
    if (sample.atMs > giveUpAtMs) {
      return unmeasured(
        `the peer kept sending: the connection was not idle for ${formatDuration(IDLE_MS)} within ${plural(probeCount + 5, 'second')}`,
      );
    }
    ({ progress } = step);
    ({ untilMs } = step.verdict);
  }
}

/** One sample; null when the connection is no longer established or this kernel does not count segments (Linux before 4.6). */
function look(socket: Socket, libc: Libc): ProbeSample | null {
  const fd = descriptorOf(socket);
  if (fd === null) return null;
  const { state, unansweredProbes, segmentsIn, dataSegmentsIn, lastAckReceivedMs } = readTcpInfo(libc, fd);
  // A FIN, too, is a segment without payload.
  if (state !== 'established' || segmentsIn === null || dataSegmentsIn === null || lastAckReceivedMs === null)
    return null;
  return { atMs: performance.now(), unansweredProbes, segmentsIn, dataSegmentsIn, lastAckReceivedMs };
}

async function whyNot(watch: Watch, signal: AbortSignal): Promise<Unmeasured> {
  const kept = unmeasured('the peer kept sending: the connection was never idle');
  if (watch.flooded()) return kept;
  const ended = await awaitEnd(watch, signal);
  if (watch.flooded()) return kept;
  if (ended === null)
    return unmeasured('the connection is gone, or this kernel does not count segments (Linux before 4.6)');
  const how =
    ended.kind === 'reset'
      ? 'was reset'
      : ended.kind === 'closed'
        ? 'was closed by the peer'
        : `failed (${ended.error})`;
  return unmeasured(`the connection ${how} ${formatDuration(ended.afterMs)} after it was made`);
}
