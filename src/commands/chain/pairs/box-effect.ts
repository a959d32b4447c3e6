/** What a middlebox does to the connections of two hops that talk to each other through it. */
import { formatDuration } from '../../../base/units.ts';
import { lastTolerableProbeMs, probePeriodMs, safetyMarginMs } from '../../../keepalive/keepalive.ts';
import { type ChainValue, finiteLimit, isKnown, type Limit, type ProbeTimers } from '../../../knowledge/hop.ts';
import type { BoxHop, HopPair } from './pair.ts';

/** What a middlebox does to a connection that idles as long as both ends let it. */
export type BoxEffect =
  /** The connection does not idle that long, or probes keep it. */
  | { kind: 'kept'; why: string }
  /** `idleMs`: how long the ends let it idle. */
  | { kind: 'forgotten'; idleMs: Limit; why: string }
  | { kind: 'unknown'; what: string; reason: string };

/**
 * Whether the box still knows the connection when the first of the two ends gives it up, or hears a keepalive probe of either end in time,
 * with the loss of two.
 */
export function boxEffectOf(pair: HopPair, box: BoxHop): BoxEffect {
  const { sender, receiver } = pair;
  const { idleTimeoutMs, keepaliveRefreshes } = box.middlebox;
  const timeoutMs = idleTimeoutMs.value;
  const marginMs = safetyMarginMs(timeoutMs);
  const forgets = `${box.name} forgets after ${formatDuration(timeoutMs)}`;
  const notReused = [sender.client.reuse, receiver.server.reuse].some((reuse) => isKnown(reuse) && !reuse.value);
  if (notReused) return { kind: 'kept', why: 'no connection idles' };
  const limits = [sender.client.poolIdleMs, receiver.server.idleCloseMs];
  const shortest = Math.min(...limits.map((limit) => finiteLimit(limit) ?? Number.POSITIVE_INFINITY));
  if (shortest <= timeoutMs - marginMs)
    return { kind: 'kept', why: `${forgets}, the ends give up after ${formatDuration(shortest)}` };
  const sides = [sender.client.tcpKeepalive, receiver.server.tcpKeepalive];
  const saving = probesInTime(pair, timeoutMs);
  if (saving !== undefined && keepaliveRefreshes === true)
    return { kind: 'kept', why: `${forgets}, TCP keepalive goes every ${formatDuration(probePeriodMs(saving))}` };
  if (saving !== undefined && keepaliveRefreshes === null) {
    return {
      kind: 'unknown',
      what: `whether TCP keepalive refreshes ${box.name}`,
      reason: 'no source says so; kaprobe measure finds out',
    };
  }
  const [reason] = [...limits, ...(keepaliveRefreshes === false ? [] : sides)].flatMap((value) =>
    isKnown(value) ? [] : [value.reason],
  );
  if (reason !== undefined)
    return { kind: 'unknown', what: `whether connections idle for longer than ${box.name} allows`, reason };
  return { kind: 'forgotten', idleMs: Number.isFinite(shortest) ? shortest : 'never', why: forgets };
}

/** The keepalive of the end whose probes come before a box forgets, two of them lost; undefined: of neither that is known. */
function probesInTime({ sender, receiver }: HopPair, timeoutMs: number): NonNullable<ProbeTimers> | undefined {
  return [sender.client.tcpKeepalive, receiver.server.tcpKeepalive]
    .filter(isKnown)
    .flatMap(({ value }) => (value === null ? [] : [value]))
    .find((keepalive) => lastTolerableProbeMs(keepalive) <= timeoutMs - safetyMarginMs(timeoutMs));
}

/**
 * How long the sender waits for a response, where that is longer than the box remembers a connection on which nothing passes meanwhile, and
 * neither end is known to send probes in time. null: it does not, or what the sender does is not known.
 */
export function waitBeyond(pair: HopPair, box: BoxHop): ChainValue<Limit> | null {
  const { responseTimeoutMs, tcpKeepalive } = pair.sender.client;
  if (!isKnown(responseTimeoutMs) || !isKnown(tcpKeepalive)) return null;
  const { idleTimeoutMs, keepaliveRefreshes } = box.middlebox;
  if (keepaliveRefreshes !== false && probesInTime(pair, idleTimeoutMs.value) !== undefined) return null;
  const isLonger = responseTimeoutMs.value === 'never' || responseTimeoutMs.value > idleTimeoutMs.value;
  return isLonger ? responseTimeoutMs : null;
}
