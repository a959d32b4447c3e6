/** The connection on which keepalive is on, beside those that are silent: does it outlive them? */
import { setTimeout as sleep } from 'node:timers/promises';
import { descriptorOf, writeKeepalive } from '../../linux/socket-options.ts';
import type { RequestedKeepalive } from '../../report/values.ts';
import { lossOf } from './ladder.ts';
import { inquire, openNamed } from './open-connections.ts';
import { probesNeeded, type Work } from './search.ts';

/** TCP_KEEPCNT's maximum. */
const NEVER_GIVE_UP = 127;
/** How often to look while probes are under way. */
export const PROBING_LOOK_MS = 25;

const keepaliveEvery = (periodMs: number): RequestedKeepalive => ({
  enabled: true,
  idleMs: periodMs,
  intervalMs: periodMs,
  count: NEVER_GIVE_UP,
  userTimeoutMs: 0,
});

/** Opens it. */
export async function openArm(work: Work): Promise<void> {
  const { search } = work;
  const connection = await openNamed(keepaliveEvery(search.arm.periodMs), work);
  if (typeof connection === 'string') search.refusal = connection;
  else search.arm.connection = connection;
}

/** Lets its probes go less often as it gets clear that the path holds longer. */
export function tuneArm({ libc, search }: Work): void {
  const { arm } = search;
  const fd = arm.connection === null || arm.inquiry !== null ? null : descriptorOf(arm.connection.socket);
  const held = Math.max(0, ...search.tests.map(({ outcome, atLeastMs }) => (outcome === 'alive' ? atLeastMs : 0)));
  const periodMs = Math.floor(held / 3000) * 1000;
  if (fd === null || periodMs < 2 * arm.periodMs) return;
  arm.periodMs = periodMs;
  writeKeepalive(libc, fd, keepaliveEvery(periodMs));
}

/** Takes in what its probes have drawn. */
export function lookAtArm({ plan, search }: Work): void {
  const { arm, tests } = search;
  if (arm.inquiry === null || arm.lives !== null) return;
  const look = arm.inquiry.look();
  if (look.kind === 'answered') {
    arm.lives = true;
    search.witnessedAtMs.push(performance.now());
  } else if (look.kind === 'gone') arm.lives = false;
  else if (look.kind === 'void') arm.inquiry = null;
  else if (look.probeCount > probesNeeded(plan, lossOf({ tests, handshakes: search.handshakes }))) arm.lives = false;
}

/** Finds out whether the connection with keepalive is alive at the end, when it has not been asked since then. */
export async function askArm(work: Work): Promise<void> {
  const { search, signal } = work;
  const { arm, tests } = search;
  if (arm.connection === null) return;
  if (arm.connection.watch.ended() !== null) {
    arm.lives = false;
    return;
  }
  const died = tests.filter(({ outcome }) => outcome === 'stalled' || outcome === 'reset');
  if (died.length === 0) return;
  const firstMs = Math.min(...died.map(({ startedAtMs }) => startedAtMs));
  if (arm.inquiry === null || arm.inquiry.startedAtMs < firstMs) {
    arm.lives = null;
    arm.inquiry = inquire(arm.connection, work);
  }
  while (arm.lives === null && arm.inquiry !== null) {
    lookAtArm(work);
    await sleep(PROBING_LOOK_MS, undefined, { signal });
  }
}
