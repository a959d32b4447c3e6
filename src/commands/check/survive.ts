import { setTimeout as sleep } from 'node:timers/promises';
import { connectAny } from '../../connections/connect.ts';
import { locateStalled } from '../../connections/locate/locate-stalled.ts';
import type { ConnectKind, Dropper, Ping, Survival, SurvivalArm } from '../../connections/observation.ts';
import { pingOnce } from '../../connections/ping.ts';
import { concludeSurvival } from '../../connections/survival.ts';
import type { Target } from '../../connections/target.ts';
import type { Libc } from '../../linux/libc.ts';
import { descriptorOf } from '../../linux/socket-options.ts';
import type { RequestedKeepalive } from '../../report/values.ts';
import { closeArm, endOfArm, type IdleArm, judgeArm, openArms, silenceOf, unmeasuredArm } from './idle-arm.ts';

/** What a handshake whose last segments were lost may go on for: SYN-ACKs are sent again after 1, 3, 7 and 15 s. */
const HANDSHAKE_TAIL_MS = 20_000;
/** How often it is asked whether all arms have ended, so that nobody waits for nothing. */
const LOOK_MS = 250;

/** What an idle test of one target needs. */
export interface SurvivePlan {
  target: Target;
  /** The address that the target was connected to. */
  address: string;
  /** How long to leave the connections alone. */
  surviveMs: number;
  keepalive: RequestedKeepalive;
  /** Whether to look for the hop that drops a stalled connection. */
  locate: boolean;
}

/** What it came to; `interrupted` when it was ended before its time, with what was known by then. */
export interface SurviveResult {
  survival: Survival;
  dropper: Dropper | null;
  interrupted: boolean;
}

/**
 * Leaves connections to one target idle side by side under different treatment, says what became of each, who ended them, and, if
 * one stalled, where it is dropped. Takes the idle time and a few seconds. An abort during the wait is answered with what is known by
 * then; before and after it, it rejects.
 */
export async function survive(plan: SurvivePlan, libc: Libc, signal: AbortSignal): Promise<SurviveResult> {
  const { target, address, surviveMs } = plan;
  const arms = await openArms({ target, address, keepalive: plan.keepalive, libc, signal });
  try {
    const interrupted = !(await waitIdle(arms, surviveMs, libc, signal));
    const keepalive = arms.find(({ arm }) => arm === 'keepalive')?.keepalive ?? null;
    if (interrupted) {
      const judged = arms.map((arm) => endOfArm(arm) ?? unmeasuredArm(arm, 'interrupted before its time'));
      return {
        survival: concludeSurvival({ askedForMs: surviveMs, arms: judged, freshConnect: null, ping: null, keepalive }),
        dropper: null,
        interrupted,
      };
    }
    const judged = await Promise.all(arms.map((arm) => judgeArm(arm, libc, signal)));
    const dead = judged.some(({ outcome }) => outcome !== 'alive' && outcome !== 'unmeasured');
    const freshConnect = dead ? await connectFresh(address, target.port, signal) : null;
    const ping = freshConnect === null || freshConnect === 'connected' ? null : await pingStubbornly(address, signal);
    const survival = concludeSurvival({ askedForMs: surviveMs, arms: judged, freshConnect, ping, keepalive });
    const stalled = plan.locate && survival.cause === 'middlebox' ? stalledArm(arms, judged) : null;
    const dropper =
      stalled === null ? null : await locateStalled(stalled, { address, port: target.port }, libc, signal);
    return { survival, dropper, interrupted };
  } finally {
    for (const arm of arms) closeArm(arm);
  }
}

/**
 * Waits until every arm that keeps silent has done so for the idle time, or until no arm is left; false when interrupted. Segments that
 * are sent again after the handshake put the end off, but not for ever, and not what a peer that keeps sending says.
 */
async function waitIdle(arms: readonly IdleArm[], idleMs: number, libc: Libc, signal: AbortSignal): Promise<boolean> {
  const startedAtMs = performance.now();
  for (;;) {
    const waitedMs = performance.now() - startedAtMs;
    const silences = arms.filter(({ arm }) => arm === 'silent').map((arm) => silenceOf(arm, libc));
    const shortest = Math.min(waitedMs, ...silences.filter((silence) => silence !== null));
    const over = arms.every((arm) => arm.connection === null || endOfArm(arm) !== null);
    if (over || shortest >= idleMs || waitedMs >= idleMs + HANDSHAKE_TAIL_MS) return true;
    try {
      await sleep(Math.max(1, Math.min(LOOK_MS, idleMs - shortest)), undefined, { signal });
    } catch {
      return false;
    }
  }
}

/** The socket of a connection that probes have shown to be stalled, still open; the silent one if there is a choice. */
function stalledArm(arms: readonly IdleArm[], judged: readonly SurvivalArm[]) {
  for (const [index, { outcome, probeCount }] of judged.entries()) {
    const socket = arms[index]?.connection?.socket ?? null;
    if (outcome === 'stalled' && probeCount > 0 && socket !== null && descriptorOf(socket) !== null) return socket;
  }
  return null;
}

/**
 * What a new connection to the same address comes to: three attempts side by side, since each may lose its packets; the best counts.
 * Rejects only when aborted.
 */
async function connectFresh(address: string, port: number, signal: AbortSignal): Promise<ConnectKind> {
  const attempts = await Promise.all([1, 2, 3].map(() => connectAny([address], port, { timeoutMs: 8000, signal })));
  for (const { socket } of attempts) socket?.destroy();
  const kinds = attempts.map(({ kind }) => kind);
  return kinds.find((kind) => kind === 'connected') ?? kinds[0] ?? 'unmeasured';
}

/** Pings until an answer comes, a few times at the most. */
async function pingStubbornly(address: string, signal: AbortSignal): Promise<Ping> {
  let latest = await pingOnce(address, signal);
  for (let attempt = 1; attempt < 4 && latest.kind === 'unanswered'; attempt += 1)
    latest = await pingOnce(address, signal);
  return latest;
}
